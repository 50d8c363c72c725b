"""The pages of the Prefect UI as a person uses them: what is clicked, and what is then seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

_TRIES = 6


class Pages:
    """One tab. A run is shown by its page, whose address has its id."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    def goto(self, path: str | None) -> None:
        """Go to a page that another one had a link to."""
        self.page.goto(f"{self._url}{path}")

    def deployment(self, flow: str, name: str) -> None:
        """Go to the page of a deployment, by way of the list."""
        self.page.goto(f"{self._url}/deployments")
        self.page.get_by_role("row", name=f"{name} {flow}").get_by_role("link", name=name, exact=True).first.click()
        expect(self.page.get_by_role("navigation").get_by_text(name, exact=True)).to_be_visible()

    def quick_run(self) -> str:
        """Run the deployment as it is; the id of the run, whose page is shown."""

        def press() -> None:
            self.page.get_by_role("button", name="Run", exact=True).click()
            self.page.get_by_role("button", name="Quick run").click()

        return self._started(press)

    def custom_run(self, **parameters: str | list[str] | bool) -> str:
        """Fill in the form and run; the id of the run, whose page is shown."""
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("link", name="Custom run").click()
        for name, value in parameters.items():
            self._fill_in(self._field(name), value)
        return self._started(self.page.get_by_role("button", name="Submit").click)

    def retry(self) -> None:
        """Retry the run that is shown, and confirm it."""
        self.page.get_by_role("button", name="Retry").first.click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Retry").click()
        expect(dialog).to_be_hidden()

    def tab(self, name: str) -> Locator:
        """Open a tab of what is shown; its content."""
        self.page.get_by_role("tablist").get_by_text(name, exact=True).click()
        return self.page.get_by_role("tabpanel", name=name)

    def artifacts(self) -> Locator:
        """The tab with what a run has left, loaded anew: once a run has ended its page asks no more, and may lack some."""
        self.page.reload()
        return self.tab("Artifacts")

    def expect_state(self, name: str) -> None:
        """Return once the run that is shown has come to a state."""
        expect(self.page.get_by_role("banner").get_by_text(name, exact=True)).to_be_visible()

    def state_message(self) -> str:
        """What the run that is shown says of its state."""
        details = self.tab("Details")
        value = details.locator(".p-key-value").filter(has_text="State Message")
        expect(value).to_be_visible()
        more = value.get_by_text("See More")
        if more.count():
            more.click()
        return value.inner_text().removeprefix("State Message").removesuffix("See Less").strip()

    def _field(self, name: str) -> Locator:
        label = self.page.get_by_text(re.compile(rf"^{name}( \(Optional\))?$"))
        return self.page.locator(".schema-form-property").filter(has=label)

    def _fill_in(self, field: Locator, value: str | list[str] | bool) -> None:  # noqa: FBT001 - a value like the others
        if isinstance(value, bool):
            field.get_by_role("switch").set_checked(value)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                field.get_by_role("button", name="Add item").click()
                field.get_by_role("textbox").nth(number).fill(item)
        else:
            field.get_by_role("button", name="str").click()
            field.get_by_role("textbox").fill(value)

    def _started(self, press: Callable[[], None]) -> str:
        """Press until a run is made, and go to its page; its id.

        Prefect's server refuses while its database is locked. The page offers the way to the new run for a few seconds
        only, and the newest run in its list may be the one before: the server's answer says which it is.
        """
        for _ in range(_TRIES):
            with self.page.expect_response(lambda answer: answer.url.endswith("/create_flow_run")) as answered:
                press()
            if answered.value.ok:
                break
            trouble = self.page.get_by_text("Something went wrong")
            expect(trouble.first).to_be_attached()
            for close in self.page.get_by_role("button", name="Close").all():
                close.dispatch_event("click")
            expect(trouble).to_have_count(0)
        run_id = str(answered.value.json()["id"])
        self.goto(f"/runs/flow-run/{run_id}")
        return run_id
