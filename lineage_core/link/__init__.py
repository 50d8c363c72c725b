"""Facts and catalog to graph rows: names, stars, temp tables, ownership."""
