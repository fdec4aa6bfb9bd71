/// The script of the status page: `/status.js`. It fetches `/status.json`, puts the numbers into the page and draws the
/// charts. It makes elements one by one and sets texts, so no value is ever read as HTML.
enum StatusScript {
    static let text = #"""
        "use strict";
        (() => {
          const hour = 3600, every = 5000;
          const size = { width: 360, height: 150, left: 60, right: 8, top: 12, bottom: 24 };

          // StatusFormat of the relay writes numbers in the same ways.
          const thousands = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
          const oneDigit = (value) => {
            const tenths = Math.round(value * 10);
            return `${Math.floor(tenths / 10)}.${tenths % 10}`;
          };
          const span = (seconds) => {
            const whole = (unit, most) => Math.floor(seconds / unit) % most;
            if (seconds < 60) return `${seconds} s`;
            if (seconds < 3600) return `${whole(60, 60)} min`;
            if (seconds < 86400) return `${whole(3600, 24)} h ${whole(60, 60)} min`;
            return `${whole(86400, Infinity)} d ${whole(3600, 24)} h`;
          };
          const date = (seconds) => new Date(seconds * 1000).toISOString();
          const formats = {
            count: thousands,
            bytes: (value) =>
              value < 2 ** 30 ? `${oneDigit(value / 2 ** 20)} MiB` : `${oneDigit(value / 2 ** 30)} GiB`,
            milliseconds: (value) => `${oneDigit(value * 1000)} ms`,
            ratio: (value) => `${value < 1 ? Math.min(99, Math.round(value * 100)) : Math.floor(value * 100)} %`,
            span,
            day: (value) => date(value).slice(0, 10),
            time: (value) => `${date(value).slice(11, 19)} UTC`,
            word: String,
          };
          const written = (value, format) => (value === null || value === undefined ? "none" : formats[format](value));
          const find = (status, path) => path.split(".").reduce((value, name) => value?.[name], status);

          const element = (name, attributes = {}, ...content) => {
            const made = document.createElement(name);
            for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
            made.append(...content);
            return made;
          };
          const drawn = (name, attributes, ...content) => {
            const made = document.createElementNS("http://www.w3.org/2000/svg", name);
            for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
            made.append(...content);
            return made;
          };
          // A screen reader hears of a text only when it has changed.
          const setText = (place, text) => {
            if (place.textContent !== text) place.textContent = text;
          };

          function showNumbers(status) {
            for (const place of document.querySelectorAll("[data-is]")) {
              setText(place, written(find(status, place.dataset.is), place.dataset.as));
            }
            for (const list of document.querySelectorAll("[data-list]")) {
              const members = Object.entries(find(status, list.dataset.list) ?? {});
              const shown = members.filter(([, value]) => value !== 0 || list.dataset.zero === "shown");
              const rows = shown.map(([name, value]) =>
                element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, written(value, list.dataset.as))));
              list.replaceChildren(...(rows.length ? rows : [element("tr", {}, element("td", { colspan: 2 }, "none"))]));
            }
          }

          let told = "";
          function showState(status) {
            document.getElementById("state").dataset.state = status.state;
            document.getElementById("state").hidden = false;
            document.getElementById("lost").hidden = true;
            document.title = `${status.title} - EasySetup relay`;
            const news = JSON.stringify(status.notices);
            if (news === told) return;
            told = news;
            document.getElementById("nothing").hidden = status.notices.length > 0;
            document.getElementById("notices").replaceChildren(...status.notices.map((notice) =>
              element("li", { class: "card" }, element("strong", {}, notice.text), " ", element("span", {}, ...advice(notice)))));
          }

          // A word with an option such as --limit is not broken over two lines.
          const advice = (notice) => notice.advice.split(" ").flatMap((word, place) =>
            [place ? " " : "", word.includes("--") ? element("span", { class: "option" }, word) : word]);

          // The least of 1, 2, 5, 10, 20 and so on that is not below the value.
          function ceiling(value) {
            let step = 1;
            for (;;) {
              for (const factor of [1, 2, 5]) if (factor * step >= value) return factor * step;
              step *= 10;
            }
          }

          const x = (ago) => size.left + ((hour - ago) / hour) * (size.width - size.left - size.right);

          // The sum of what was counted in each stretch of the hour, the present one first; null before the first sample.
          function sums(values, ago, seconds) {
            const all = new Array(hour / seconds).fill(null);
            values.forEach((value, place) => {
              const stretch = Math.floor(ago[place] / seconds);
              if (stretch < all.length && value !== null) all[stretch] = (all[stretch] ?? 0) + value;
            });
            return all;
          }

          function most(values, ago, seconds) {
            const all = new Array(hour / seconds).fill(null);
            values.forEach((value, place) => {
              const stretch = Math.floor(ago[place] / seconds);
              if (stretch < all.length && value !== null) all[stretch] = Math.max(all[stretch] ?? 0, value);
            });
            return all;
          }

          // A line through the points that have a value and follow each other closely, and a dot at its end.
          function line(points, y, place) {
            const known = points.filter(({ ago, value }) => value !== null && ago <= hour);
            if (!known.length) return [];
            let d = "", last = Infinity;
            for (const { ago, value } of known) {
              d += `${last - ago <= 150 ? "L" : "M"}${x(ago).toFixed(1)} ${y(value).toFixed(1)}`;
              last = ago;
            }
            const end = known[known.length - 1];
            const dot = { class: `dot s${place}`, cx: x(end.ago).toFixed(1), cy: y(end.value).toFixed(1), r: 3 };
            return [drawn("path", { class: `line s${place}`, d }), drawn("circle", dot)];
          }

          // A mark at the left of a chart: short, and none between two counts.
          function mark(value, format) {
            if (format !== "count") return written(value, format).replace(".0 ", " ");
            if (value % 1) return "";
            return value >= 1e6 ? `${value / 1e6} M` : value >= 1e4 ? `${value / 1e3} k` : thousands(value);
          }

          function picture(kind, format, history, series) {
            const perMinute = series.map(({ values }) => sums(values, history.ago, 60));
            const stacked = perMinute[0].map((_, minute) => perMinute.reduce((sum, one) => sum + (one[minute] ?? 0), 0));
            const heights = kind === "bars" ? stacked : kind === "rates" ? perMinute.flat() : series.flatMap((one) => one.values);
            const highest = Math.max(...heights.map((value) => value ?? 0));
            const unit = { bytes: highest < 2 ** 30 ? 2 ** 20 : 2 ** 30, milliseconds: 0.001 }[format] ?? 1;
            const limit = ceiling(highest / unit) * unit;
            const bottom = size.height - size.bottom;
            const y = (value) => bottom - (value / limit) * (bottom - size.top);
            const parts = [];
            for (const value of limit / unit > 1 ? [0, limit / 2, limit] : [0, limit]) {
              parts.push(drawn("path", { class: "grid", d: `M${size.left} ${y(value)}H${size.width - size.right}` }));
              parts.push(drawn("text", { x: size.left - 6, y: y(value) + 4, "text-anchor": "end" }, mark(value, format)));
            }
            for (const minutes of [60, 45, 30, 15, 0]) {
              const anchor = minutes === 60 ? "start" : minutes === 0 ? "end" : "middle";
              const label = minutes === 0 ? "now" : minutes === 60 ? "60 min" : String(minutes);
              parts.push(drawn("text", { x: x(minutes * 60), y: size.height - 6, "text-anchor": anchor }, label));
            }
            series.forEach((one, place) => {
              if (kind === "bars") {
                perMinute[place].forEach((value, minute) => {
                  if (!value) return;
                  const below = perMinute.slice(0, place).reduce((sum, other) => sum + (other[minute] ?? 0), 0);
                  const [from, to] = [x(minute * 60 + 60) + 0.5, x(minute * 60) - 0.5];
                  const d = `M${from.toFixed(1)} ${y(below).toFixed(1)}V${y(below + value).toFixed(1)}H${to.toFixed(1)}V${y(below).toFixed(1)}z`;
                  parts.push(drawn("path", { class: `bar s${place}`, d }));
                });
              } else {
                const points = kind === "rates"
                  ? perMinute[place].map((value, minute) => ({ ago: minute * 60 + 30, value })).reverse()
                  : one.values.map((value, index) => ({ ago: history.ago[index], value }));
                parts.push(...line(points, y, place));
              }
            });
            return parts;
          }

          function showChart(figure, status) {
            const { kind, as: format } = figure.dataset;
            const title = figure.querySelector("h3").textContent;
            const series = [...figure.querySelectorAll("[data-series]")].map((item) => ({
              label: item.textContent.trim(), values: status.history[item.dataset.series],
            }));
            let image = figure.querySelector("svg.picture");
            if (!image) {
              image = drawn("svg", { class: "picture", role: "img", viewBox: `0 0 ${size.width} ${size.height}` });
              const head = element("tr", {}, element("th", { scope: "col" }, "minutes ago"),
                ...series.map(({ label }) => element("th", { scope: "col" }, label)));
              const table = element("table", {}, element("caption", {}, `${title}: in five minutes each`),
                element("thead", {}, head), element("tbody"));
              figure.append(image, element("details", {}, element("summary", {}, `${title}: as a table`), table));
            }
            const adds = kind !== "lines";
            const said = series.map(({ label, values }) => {
              const known = values.filter((value) => value !== null);
              if (!known.length) return `${label}: none`;
              const now = written(known[known.length - 1], format), peak = written(Math.max(...known), format);
              const sum = written(known.reduce((all, value) => all + value, 0), format);
              return adds ? `${label}: ${sum} in all` : `${label}: now ${now}, at most ${peak}`;
            });
            image.setAttribute("aria-label", `Chart. ${title}. ${said.join("; ")}.`);
            image.replaceChildren(...picture(kind, format, status.history, series));
            const columns = series.map(({ values }) => (adds ? sums : most)(values, status.history.ago, 300));
            figure.querySelector("tbody").replaceChildren(...columns[0].map((_, place) =>
              element("tr", {}, element("th", { scope: "row" }, `${place * 5} to ${place * 5 + 5}`),
                ...columns.map((column) => element("td", {}, written(column[place], format))))));
            figure.hidden = false;
          }

          function show(status) {
            showNumbers(status);
            showState(status);
            for (const figure of document.querySelectorAll(".chart")) showChart(figure, status);
            document.documentElement.dataset.taken = status.taken;
          }

          let isPaused = false, timer = 0;
          async function update() {
            clearTimeout(timer);
            try {
              const answer = await fetch("/status.json", { cache: "no-store", signal: AbortSignal.timeout(10000) });
              if (!answer.ok) throw new Error(String(answer.status));
              show(await answer.json());
            } catch {
              document.getElementById("state").hidden = true;
              document.getElementById("lost").hidden = false;
              document.title = "No answer - EasySetup relay";
            }
            clearTimeout(timer);
            if (!isPaused && !document.hidden) timer = setTimeout(update, every);
          }
          document.addEventListener("visibilitychange", () => {
            if (!document.hidden && !isPaused) update();
          });
          const pause = document.getElementById("pause");
          pause.hidden = false;
          pause.addEventListener("click", () => {
            isPaused = !isPaused;
            pause.textContent = isPaused ? "Go on" : "Pause";
            clearTimeout(timer);
            if (!isPaused) update();
          });
          update();
        })();

        """#
}
