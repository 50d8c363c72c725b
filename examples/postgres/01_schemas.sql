-- Market data and billing, PostgreSQL 15.
CREATE SCHEMA IF NOT EXISTS market;
CREATE SCHEMA IF NOT EXISTS billing;
