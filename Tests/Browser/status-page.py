#!/usr/bin/env python3
"""Looks at status pages in headless Chromium, as StatusBrowserTests tells it.

usage: status-page.py CHROMIUM [FOLDER]

It reads an order a line, as JSON, and answers each with a line of JSON that has `faults`, a list of texts. An order has
`url`; `name`, which pictures in FOLDER begin with; `state`, which the page must show; `looks`, a list of widths and
colours, as [375, "dark"]; `isFixed`, whether the relay's answers stay the same; `done`, the pairings that the page must
come to show.
"""
import base64
import json
import os
import shutil
import signal
import sys
import tempfile

from browser import Browser, Tab

# What the page shows, as a path or a table's name with its texts.
SHOWN = """(() => {
  const shown = {};
  for (const place of document.querySelectorAll("[data-is]")) shown[place.dataset.is] = place.textContent;
  for (const list of document.querySelectorAll("[data-list]"))
    shown[list.dataset.list] = [...list.rows].map(row => [...row.cells].map(cell => cell.textContent).join(": "));
  shown.notices = [...document.querySelectorAll("#notices li")].map(item => item.textContent);
  return shown;
})()"""

# Faults of layout and structure that can be seen without knowing the numbers.
FAULTS = """((width, isStrange) => {
  const faults = [], wide = document.documentElement;
  // A phone makes its window wider where a page does not fit.
  if (Math.max(wide.scrollWidth, innerWidth) > width) faults.push(`scrolls sideways: ${wide.scrollWidth}, ${innerWidth} > ${width}`);
  const isSeen = (node) => node.getClientRects().length > 0;
  for (const node of document.body.querySelectorAll("*")) {
    if (isSeen(node) && node.getBoundingClientRect().right > width + 0.5)
      faults.push(`reaches beyond the right: ${node.tagName} ${node.textContent.slice(0, 40)}`);
  }
  const levels = [...document.querySelectorAll("h1,h2,h3,h4")].filter(isSeen).map(node => Number(node.tagName[1]));
  if (levels.filter(level => level === 1).length !== 1) faults.push("there is not one h1");
  levels.forEach((level, place) => { if (place && level > levels[place - 1] + 1) faults.push("a level of headings is left out"); });
  for (const name of ["header", "main", "footer"])
    if (document.querySelectorAll(`body > ${name}`).length !== 1) faults.push(`there is not one ${name}`);
  for (const section of document.querySelectorAll("section"))
    if (!document.getElementById(section.getAttribute("aria-labelledby"))?.textContent) faults.push("a section has no name");
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption?.textContent) faults.push("a table has no caption");
    for (const head of table.querySelectorAll("th")) if (!head.scope) faults.push(`a head has no scope: ${head.textContent}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
  if (new Set(ids).size !== ids.length) faults.push("an id is there twice");
  if (wide.lang !== "en" || !document.title) faults.push("the page has no language or no title");
  if (document.querySelectorAll("[style],style,script:not([src]),iframe,object,img").length) faults.push("something stands inline");
  for (const text of [...(isStrange ? [] : ["<", "&lt;", "&amp;"]), "undefined", "NaN", "Infinity", "[object"])
    if (document.body.innerText.includes(text)) faults.push(`the page says ${text}`);

  // Contrast: WCAG's 4.5:1 for text, 3:1 for lines and bars.
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if ((parts(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let node; (node = walker.nextNode());) {
    const place = node.parentElement;
    if (!node.data.trim() || !isSeen(place)) continue;
    texts += 1;
    const style = getComputedStyle(place);
    const color = place.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const ratio = contrast(color, ground(place));
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)} of ${node.data.slice(0, 40)}`);
    if (parseFloat(style.fontSize) < 12) faults.push(`small: ${node.data.slice(0, 40)}`);
  }
  if (texts < 60) faults.push(`only ${texts} texts`);
  for (const mark of document.querySelectorAll(".line, .bar")) {
    if (!isSeen(mark)) continue;
    const ratio = contrast(getComputedStyle(mark).stroke, ground(mark));
    if (ratio < 3) faults.push(`contrast ${ratio.toFixed(2)} of ${mark.getAttribute("class")}`);
  }
  return faults;
})"""

CHARTS = """[...document.querySelectorAll("figure.chart")].map(figure => ({
  isHidden: figure.hidden, name: figure.id, label: figure.querySelector("svg.picture")?.getAttribute("aria-label"),
  role: figure.querySelector("svg.picture")?.getAttribute("role"), rows: figure.querySelectorAll("tbody tr").length,
  marks: [...figure.querySelectorAll("svg.picture .line, svg.picture .bar")].filter(mark => mark.getAttribute("d")).length,
  series: figure.querySelectorAll("[data-series]").length,
}))"""


def seen_faults(tab, width, order):
    return tab.value(f"{FAULTS}({width}, {json.dumps(order['isFixed'])})")


def bare(text):
    """A number of the page as one of JSON; what is no count stays a text."""
    digits = text.replace(",", "")
    return int(digits) if digits.isdigit() else text


def find(status, path):
    for name in path.split("."):
        status = status[name]
    return status


def numbers(tab, status):
    """Where the page shows other counts than the answer that it has."""
    faults = []
    shown = tab.value(SHOWN)
    counts = [path for path, text in shown.items() if isinstance(text, str) and isinstance(bare(text), int)]
    for path in counts:
        if bare(shown[path]) != find(status, path):
            faults.append(f"{path} is {shown[path]}, and in status.json {find(status, path)}")
    if len(counts) < 20:
        faults.append(f"only {len(counts)} counts are shown")
    for path in ("title", "sentence", "relay.version", "relay.protocol"):
        if shown[path] != find(status, path):
            faults.append(f"{path} is {shown[path]}")
    for path in ("hour.pairings", "hour.refusals", "hour.limit_hits", "hour.codes_ended", "hour.connection_failures"):
        rows = [f"{name}: {count:,}" for name, count in find(status, path).items() if count or path == "hour.pairings"]
        if shown[path] != (rows or ["none"]):
            faults.append(f"{path} is {shown[path]}, and in status.json {rows}")
    if shown["notices"] != [f"{notice['text']} {notice['advice']}" for notice in status["notices"]]:
        faults.append(f"the notices are {shown['notices']}")
    return faults


def last_answer(tab):
    """The last /status.json that the page has got, and faults of what it has loaded."""
    requests, faults = {}, []
    answers = tab.take("Network.requestWillBeSent", "Network.responseReceived", "Network.loadingFailed")
    origin = tab.value("location.origin")
    known = ["/", "/status.js", "/status.css", "/status.svg", "/status.json"]
    last = None
    for event in answers:
        number = event["params"]["requestId"]
        if event["method"] == "Network.requestWillBeSent":
            url = requests[number] = event["params"]["request"]["url"]
            if url not in [origin + path for path in known]:
                faults.append(f"loads {url}")
        elif event["method"] == "Network.loadingFailed":
            faults.append(f"failed: {requests.get(number)}: {event['params']}")
        elif requests.get(number, "").endswith("/status.json"):
            last = number
    status = json.loads(tab.call("Network.getResponseBody", {"requestId": last})["body"])
    return status, faults


def check_charts(tab):
    faults = []
    charts = tab.value(CHARTS)
    if len(charts) != 6:
        faults.append(f"there are {len(charts)} charts")
    for chart in charts:
        if chart["isHidden"] or chart["role"] != "img" or chart["rows"] != 12 or not chart["series"]:
            faults.append(f"a chart is not whole: {chart}")
        elif not (chart["label"] or "").startswith("Chart. ") or chart["label"].count(":") < chart["series"]:
            faults.append(f"a chart has no text: {chart}")
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    for role, least in {"banner": 1, "main": 1, "contentinfo": 1, "status": 1, "image": 6, "table": 10, "heading": 11}.items():
        if roles.count(role) < least:
            faults.append(f"a screen reader finds {roles.count(role)} of {role}, not {least}")
    for node in nodes:
        named = node["role"]["value"] in ("image", "table", "button", "heading", "link") and not node["ignored"]
        if named and not node.get("name", {}).get("value", "").strip():
            faults.append(f"a screen reader finds no name: {node['role']['value']}")
    return faults


def picture(tab, folder, name):
    if folder:
        shot = tab.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
        with open(os.path.join(folder, name + ".png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))


DONE = "document.documentElement.dataset.taken"
PAUSE = "document.getElementById('pause').click()"


def look(browser, order, width, scheme, folder):
    tab = Tab(browser, width, scheme)
    tab.open(order["url"], DONE)
    tab.value(PAUSE)
    status, faults = last_answer(tab)
    faults += numbers(tab, status) + seen_faults(tab, width, order) + check_charts(tab) + tab.complaints()
    if status["state"] != order["state"] or tab.value("document.getElementById('state').dataset.state") != order["state"]:
        faults.append(f"the state is {status['state']}")
    picture(tab, folder, f"{order['name']}-{width}-{scheme}")
    tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    faults += seen_faults(tab, width, order)
    shown = tab.value(SHOWN)
    tab.close()
    return [f"{width} {scheme}: {fault}" for fault in faults], shown


def look_without_script(browser, order, shown):
    """The page as the relay has written it: with all numbers, and without charts."""
    tab = Tab(browser, 375, "light", has_script=False)
    tab.open(order["url"], "document.querySelector('[data-is]')")
    faults = seen_faults(tab, 375, order) + tab.complaints()
    if any(not chart["isHidden"] for chart in tab.value(CHARTS)) or "load the page again" not in tab.value("document.body.innerText"):
        faults.append("does not say that there are no charts")
    written = tab.value(SHOWN)
    if written.keys() != shown.keys() or any(not text for text in written.values() if isinstance(text, str)):
        faults.append("numbers are missing")
    for path in shown if order["isFixed"] else []:
        if written.get(path) != shown[path]:
            faults.append(f"{path} is {written.get(path)}, and by the script {shown[path]}")
    tab.close()
    return [f"without script: {fault}" for fault in faults]


def look_live(tab, order):
    """The tab that has been open all the time comes to show the pairings, loses the relay and finds it again."""
    if tab.value("location.href") != order["url"]:
        # The relay before this one has ended, and the page has told so.
        tab.call("Page.navigate", {"url": "about:blank"})
        tab.until("location.href === 'about:blank'")
        tab.take()
        tab.open(order["url"], DONE)
    shows = f"document.querySelector('[data-is=\"hour.pairings.done\"]').textContent === '{order['done']}'"
    tab.until(f"{shows} && document.getElementById('state').dataset.state === '{order['state']}'")
    faults = tab.complaints()
    offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.call("Network.emulateNetworkConditions", {"offline": True, **offline})
    tab.value(PAUSE)
    tab.value(PAUSE)
    tab.until("!document.getElementById('lost').hidden && document.getElementById('state').hidden")
    if not tab.value("document.title").startswith("No answer"):
        faults.append("the title does not tell that there is no answer")
    tab.call("Network.emulateNetworkConditions", {"offline": False, **offline})
    tab.value(PAUSE)
    tab.value(PAUSE)
    tab.until("document.getElementById('lost').hidden && !document.getElementById('state').hidden")
    tab.take()
    return [f"live: {fault}" for fault in faults]


def main():
    # So that the browser ends, too, when a test gives up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    program, folder = sys.argv[1], (sys.argv[2:] or [None])[0]
    profile = tempfile.mkdtemp(prefix="easysetup-browser-")
    browser = Browser(program, profile)
    try:
        live = Tab(browser, 375, "light")
        for line in sys.stdin:
            order = json.loads(line)
            faults, shown = [], {}
            if not order["isFixed"]:
                faults += look_live(live, order)
            for width, scheme in order["looks"]:
                more, shown = look(browser, order, width, scheme, folder)
                faults += more
            faults += look_without_script(browser, order, shown)
            print(json.dumps({"name": order["name"], "faults": faults}), flush=True)
    finally:
        browser.close()
        shutil.rmtree(profile, ignore_errors=True)


main()
