"""A window of a real browser that looks at every page it comes to, and hands that work with a mouse or with keys alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Request, Response

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LISTEN = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error("content security policy:", event.violatedDirective, event.blockedURI, event.sourceFile))"""
CHECK = """async (rules) => (await axe.run({ runOnly: rules, resultTypes: ["violations"] })).violations
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(" ")}`)"""
MOST_STOPS = 150
# What has the focus must be seen: on the screen, under nothing, with a mark around it (WCAG 2.4.7 and 2.4.11).
FOCUS_IS_HIDDEN = """() => {
    const at = document.activeElement, box = at.getClientRects()[0], shown = at.nextElementSibling;
    if (at === document.body) return "";  // The end of the page: the next stop is its beginning.
    if (!box) return `${at.outerHTML.slice(0, 150)} takes no room`;
    // Of what is higher than the window, like a long table that scrolls, a part is enough.
    const y = Math.min(Math.max(box.y + Math.min(box.height / 2, 40), 1), innerHeight - 1), x = box.x + box.width / 2;
    const top = document.elementFromPoint(x, y), area = at.closest("label") ?? at;
    const marked = [at, shown].some((one) => one && (getComputedStyle(one).outlineStyle !== "none"
        || getComputedStyle(one).boxShadow !== "none"));
    if (!top || !(area.contains(top) || top.contains(area))) return `${at.outerHTML} is under ${top?.outerHTML}`.slice(0, 400);
    return marked ? "" : `${at.outerHTML.slice(0, 150)} shows no focus`;
}"""


class Window:
    """A window with its cookies, and a person with a mouse in front of it."""

    def __init__(self, context: BrowserContext, base: str, *, audited: set[tuple[str, str]], scripts: bool = True) -> None:
        self.context, self.base, self.audited, self.scripts = context, base, audited, scripts
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.passed: list[str] = []
        self.answer: Response | None = None
        context.add_init_script(LISTEN)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._watch)
        self.page.on("response", self._remember)

    def tab(self) -> "Window":
        """Open another tab, which shares the cookies."""
        return type(self)(self.context, self.base, audited=self.audited, scripts=self.scripts)

    def _hear(self, message: ConsoleMessage) -> None:
        refused = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in {"error", "warning"} and not refused:  # A page may itself be a 400: arrive() looks at that.
            self.complaints.append(f"console: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base}/", "data:")):
            self.complaints.append(f"asked for {request.url}")

    def _remember(self, answer: Response) -> None:
        if answer.request.is_navigation_request() and answer.status not in range(300, 400):
            self.answer = answer
        elif answer.status >= 400:
            self.complaints.append(f"{answer.status} for {answer.url}")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def visit(self, path: str, status: int = 200) -> None:
        self.page.goto(self.base + path)
        self.arrive(status)

    def moves(self, act: Callable[[], Any], status: int = 200) -> None:
        """Do something that leads to another page."""
        with self.page.expect_navigation():
            act()
        self.arrive(status)

    def arrive(self, status: int = 200) -> None:
        """Look at the page that is shown: nothing may be wrong with it, for any reader."""
        assert self.answer and self.answer.status == status, f"{self.path}: {self.answer and self.answer.status}"
        faults = [*self.complaints]
        assert self.page.locator("h1").count() == 1, f"{self.path} has {self.page.locator('h1').count()} h1"
        if self.heading not in self.page.title():
            faults.append(f"the title {self.page.title()!r} does not repeat the heading {self.heading!r}")
        width = self.page.viewport_size["width"]
        if (shown := self.page.evaluate("document.scrollingElement.scrollWidth")) > width:
            faults.append(f"the page is {shown} pixels wide on a screen of {width}")
        if self.scripts and (self.path, self.page.title()) not in self.audited:
            self.page.evaluate(AXE.read_text("utf-8"))
            faults += self.page.evaluate(CHECK, RULES)
            self.audited.add((self.path, self.page.title()))
        assert not faults, f"{self.path}: " + "\n".join([*faults, *self.complaints])
        self.passed.append(self.path)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True).and_(self.page.locator("input, select, textarea"))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def tick(self, box: Locator) -> None:
        box.check()

    def select(self, label: str, option: str) -> None:
        self.field(label).select_option(label=option)

    def press(self, button: Locator, status: int = 200) -> None:
        self.moves(button.click, status)


class KeyboardWindow(Window):
    """The same with a person who has only a keyboard."""

    def reach(self, target: Locator, key: str = "Tab", there: str = "(element) => element === document.activeElement") -> None:
        """Press a key until the focus is there, and see at each stop where one is."""
        for _ in range(MOST_STOPS):
            if target.evaluate(there):
                return
            self.page.keyboard.press(key)
            hidden = self.page.evaluate(FOCUS_IS_HIDDEN)
            assert not hidden, f"{self.path}: the focus cannot be seen: {hidden}"
        raise AssertionError(f"{self.path}: {key} does not lead to {target}")

    def fill(self, label: str, text: str) -> None:
        self.reach(self.field(label))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def tick(self, box: Locator) -> None:
        if box.get_attribute("type") == "radio":  # A group has one stop; arrows lead on from there.
            self.reach(box, there="(element) => element.name === document.activeElement.name")
            self.reach(box, "ArrowDown")
        else:
            self.reach(box)
        if not box.is_checked():
            self.page.keyboard.press("Space")
        assert box.is_checked()

    def select(self, label: str, option: str) -> None:
        field = self.field(label)
        self.reach(field)
        for _ in range(field.locator("option").count()):
            if field.locator("option:checked").inner_text() == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} does not offer {option}")

    def press(self, button: Locator, status: int = 200) -> None:
        self.reach(button)
        self.moves(lambda: self.page.keyboard.press("Enter"), status)
