/// The status page. Each number stands in an element that names its place in `/status.json` and its format, so that the
/// script can put a newer one there; without the script the page is whole but for the charts.
extension StatusReport {
    var html: HTML {
        let page = StatusPageText(json: json)
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <title>\(state.title) - EasySetup relay</title>
            <link rel="stylesheet" href="/status.css">
            <link rel="icon" href="/status.svg" type="image/svg+xml">
            <script src="/status.js" defer></script>
            </head>
            <body>
            <header>
            <h1>EasySetup relay</h1>
            <div role="status">
            <p class="state" id="state" data-state="\(state.rawValue)"><span class="mark" aria-hidden="true"></span>\
            <strong>\(page.value("title"))</strong> \(page.value("sentence"))</p>
            <p class="state" id="lost" data-state="lost" hidden><span class="mark" aria-hidden="true"></span>\
            <strong>No answer</strong> <span>The relay does not answer at this port. The numbers below are the last ones.\
            </span></p>
            </div>
            <p class="soft">Numbers of \(page.value("taken", .time)). \
            <button type="button" id="pause" hidden>Pause</button></p>
            </header>
            <main>
            <section aria-labelledby="h-glance">
            <h2 id="h-glance">At a glance</h2>
            <dl class="glance">
            \(page.tile("Pairings done", "hour.pairings.done", "in the last hour"))
            \(page.tile("Codes living", "now.codes", "now, each waits for its visitor"))
            \(page.tile("Devices waiting", "now.waiting", "now, by both transports"))
            \(page.tile("Devices turned away", "hour.turned_away", "in the last hour"))
            </dl>
            </section>
            <section aria-labelledby="h-todo">
            <h2 id="h-todo">What to do</h2>
            <p class="card" id="nothing"\(notices.isEmpty ? "" : " hidden" as HTML)>Nothing: the relay is well.</p>
            <ul class="notices" id="notices">\(notices.map(\.html))</ul>
            </section>
            <section aria-labelledby="h-hour">
            <h2 id="h-hour">The last hour</h2>
            <p class="soft">Counted in the last \(page.value("hour.seconds", .span)).</p>
            <noscript><p>With JavaScript there are charts of the last hour here, and the numbers renew themselves. \
            Without it, load the page again for newer numbers.</p></noscript>
            <div class="charts">
            \(StatusChart.all.map(\.html))</div>
            <div class="tables">
            \(page.list("Pairings by outcome", "outcome", "hour.pairings", hidesZero: false))
            \(page.table("Codes and visitors", page.visitorRows))
            \(page.list("Refusals by reason", "reason", "hour.refusals"))
            \(page.list("Limits hit", "limit", "hour.limit_hits"))
            \(page.list("Codes that ended before a pairing", "outcome", "hour.codes_ended"))
            \(page.list("Connections refused or lost", "outcome", "hour.connection_failures"))
            </div>
            </section>
            <section aria-labelledby="h-now">
            <h2 id="h-now">Now</h2>
            <div class="tables">
            \(page.table("Devices", page.deviceRows))
            \(page.list("How full the relay is", "limit", "now.fill", .ratio, hidesZero: false))
            \(status.hub.fleet == nil ? [] : page.fleetTables)
            \(page.table("The machine", page.machineRows))
            \(page.table("The program", page.programRows))
            </div>
            </section>
            </main>
            <footer>
            <p class="soft">The same for programs: <a href="/status.json">/status.json</a>, \
            <a href="/metrics">/metrics</a>. The words are those of docs/status.md and docs/metrics.md. \
            Nothing here names a device, an address or a code.</p>
            </footer>
            </body>
            </html>

            """
    }
}

extension StatusNotice {
    fileprivate var html: HTML { "<li class=\"card\"><strong>\(text)</strong> <span>\(adviceHTML)</span></li>" }

    /// The advice, in which a word with an option such as `--limit` is not broken over two lines.
    private var adviceHTML: [HTML] {
        advice.split(separator: " ", omittingEmptySubsequences: false).enumerated().map { place, word in
            let space = place == 0 ? "" : " "
            let word = String(word)
            return word.contains("--") ? "\(space)<span class=\"option\">\(word)</span>" : "\(space)\(word)"
        }
    }
}

/// The parts of the page that show values of `/status.json`.
private struct StatusPageText {
    let json: JSONValue

    typealias Row = (label: String, path: String, format: StatusFormat)

    var visitorRows: [Row] {
        [
            ("Codes issued", "hour.codes", .count), ("Visits", "hour.visits", .count),
            ("Visits that found no code", "hour.misses", .count), ("Wrong proofs (guesses)", "hour.guesses", .count),
            ("Strangers sent away", "hour.strangers", .count), ("Seats given", "hour.seats", .count),
            ("Work asked", "hour.work_asked", .count),
        ]
    }

    var deviceRows: [Row] {
        [
            ("Codes living", "now.codes", .count), ("Pairings in hand", "now.pairings", .count),
            ("Meetings in hand", "now.meetings", .count), ("Visitors in line", "now.line", .count),
            ("Devices by WebSocket", "now.devices.websocket", .count),
            ("Devices by long polling", "now.devices.long-polling", .count),
            ("Devices in no room", "now.roomless", .count), ("Open connections", "now.connections", .count),
        ]
    }

    var fleetTables: [HTML] {
        [table("The fleet", fleetRows), table("The fleet in the last hour", fleetHourRows)]
    }

    private var fleetRows: [Row] {
        [
            ("This relay is", "fleet.state", .word), ("For", "fleet.unchanged", .span),
            ("Other relays heard", "fleet.relays", .count),
            ("Relays with other limits", "fleet.relays_unlike", .count),
            ("Servers that can't be used", "fleet.servers_lost", .count),
            ("Rooms here", "fleet.rooms", .count),
            ("Devices of other relays", "fleet.far_devices", .count),
            ("Devices whose rooms are elsewhere", "fleet.devices_elsewhere", .count),
            ("Trunks", "fleet.trunks", .count),
        ]
    }

    private var fleetHourRows: [Row] {
        [
            ("Messages published", "fleet.hour.published", .count), ("Unheard", "fleet.hour.unheard", .count),
            ("Messages heard", "fleet.hour.heard", .count), ("Unreadable", "fleet.hour.unreadable", .count),
            ("Rooms taken over", "fleet.hour.takeovers", .count),
            ("Devices of broken trunks", "fleet.hour.broken_legs", .count), ("Cut off", "fleet.hour.cuts", .count),
            ("Directory lost", "fleet.hour.directory_losses", .count), ("Sleeps", "fleet.hour.sleeps", .count),
            ("Refused by Redis", "fleet.hour.refused", .count),
            ("Devices cut for haste", "fleet.hour.too_fast", .count),
            ("Directory's answer (mean)", "fleet.hour.directory", .milliseconds),
            ("Answer to publishing (mean)", "fleet.hour.publish", .milliseconds),
        ]
    }

    var machineRows: [Row] {
        [
            ("Event loop lag (worst)", "now.lag", .milliseconds), ("Resident memory", "now.memory", .bytes),
            ("Memory ceiling", "relay.memory_ceiling", .bytes), ("Open files", "now.open_files", .count),
            ("Most files", "relay.most_files", .count), ("Cores", "relay.cores", .count),
        ]
    }

    var programRows: [Row] {
        [
            ("Version", "relay.version", .word), ("Protocol", "relay.protocol", .word), ("Up for", "uptime", .span),
            ("Started on", "started", .day), ("Certificate expires", "relay.certificate_expiry", .day),
        ]
    }

    /// A value, which the script keeps new. A value that is missing is shown as a dash.
    func value(_ path: String, _ format: StatusFormat = .word) -> HTML {
        let text = format.text(json[path]) ?? "none"
        return "<span data-is=\"\(path)\" data-as=\"\(format.rawValue)\">\(text)</span>"
    }

    func tile(_ label: String, _ path: String, _ when: String) -> HTML {
        """
        <div class="card"><dt>\(label)</dt><dd><span class="number">\(value(path, .count))</span> \
        <span class="soft">\(when)</span></dd></div>
        """
    }

    func table(_ caption: String, _ rows: [Row]) -> HTML {
        let rows = rows.map { row -> HTML in
            "<tr><th scope=\"row\">\(row.label)</th><td>\(value(row.path, row.format))</td></tr>\n"
        }
        return "<div class=\"card\"><table><caption>\(caption)</caption>\n<tbody>\(rows)</tbody></table></div>\n"
    }

    /// A table of an object's members. The script makes its rows anew in the same way.
    func list(
        _ caption: String,
        _ head: String,
        _ path: String,
        _ format: StatusFormat = .count,
        hidesZero: Bool = true
    ) -> HTML {
        var rows: [HTML] = []
        if case .object(let members)? = json[path] {
            for (name, value) in members {
                if hidesZero, case .count(0) = value { continue }
                rows.append("<tr><th scope=\"row\">\(name)</th><td>\(format.text(value) ?? "none")</td></tr>\n")
            }
        }
        if rows.isEmpty { rows = ["<tr><td colspan=\"2\">none</td></tr>\n"] }
        let unit = format == .ratio ? "full" : "count"
        return """
            <div class="card"><table><caption>\(caption)</caption>
            <thead><tr><th scope="col">\(head)</th><th scope="col">\(unit)</th></tr></thead>
            <tbody data-list="\(path)" data-as="\(format.rawValue)" data-zero="\(hidesZero ? "hidden" : "shown")">\(rows)\
            </tbody></table></div>

            """
    }
}
