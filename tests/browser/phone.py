"""What the first visit of a page costs on a slow phone: a processor four times slower, 1.6 Mbit/s and 150 ms to the server."""

from typing import Any, NamedTuple

from playwright.sync_api import Browser

SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
PAINTED = """() => new Promise((tell) => {
    let largest = 0, shift = 0;
    new PerformanceObserver((list) => { largest = list.getEntries().at(-1).startTime; })
        .observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => { list.getEntries().forEach((entry) => { shift += entry.value; }); })
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => tell([largest, shift]), 500);
})"""


class Visit(NamedTuple):
    """Requests, scripts and bytes over the network; milliseconds to the largest paint; the layout's shift."""

    requests: list[str]
    scripts: list[str]
    bytes: int
    largest_paint: float
    shift: float


def first_visit(browser: Browser, url: str, language: str = "pl") -> Visit:
    """Visit a page with an empty cache."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True)
    context.add_cookies([{"name": "jezyk", "value": language, "url": url}])
    page = context.new_page()
    requests: dict[str, dict[str, Any]] = {}
    weights: list[int] = []
    session = context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", lambda event: requests.update({event["requestId"]: event}))
    session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(url, wait_until="networkidle")
    largest, shift = page.evaluate(PAINTED)
    context.close()
    sent = [event for event in requests.values() if not event["request"]["url"].startswith("data:")]
    scripts = [event["request"]["url"] for event in sent if event.get("type") == "Script"]
    return Visit([event["request"]["url"] for event in sent], scripts, sum(weights), largest, shift)
