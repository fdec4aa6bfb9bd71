import CredentialsCore
import EasySetupRelay

/// The status page: how the service does, and what to do where it does not do well. It is whole without a script.
struct ServiceStatus: Sendable {
    private let summary: AccountSummary
    private let counts: ServiceCounts
    private let isDraining: Bool

    init(_ summary: AccountSummary, _ counts: ServiceCounts, isDraining: Bool) {
        self.summary = summary
        self.counts = counts
        self.isDraining = isDraining
    }

    /// Whether some node has a place for another chain, released or not.
    private var hasPlace: Bool {
        summary.nodes.contains { !$0.isDowned && !$0.isBackedOff && $0.load < $0.capacity }
    }

    private var state: (name: String, title: String, sentence: String) {
        if isDraining { return ("draining", "Draining", "It is about to stop, and answers calls until then.") }
        if !hasPlace {
            return ("full", "Full", "No node has a place for another chain. Chains that are known are served.")
        }
        return ("ready", "Ready", "It gives out credentials.")
    }

    var html: String {
        let state = state
        let notices: [HTML] = [
            hasPlace ? nil : "<li class=\"card\">Add a node, or raise the capacity of one.</li>\n",
            counts.refused[.storeFailed] ?? 0 == 0
                ? nil : "<li class=\"card\">A store gave no credentials: run the program with --check.</li>\n",
            counts.refused[.wrongHost] ?? 0 == 0
                ? nil : "<li class=\"card\">Requests named another host: is one missing among --host?</li>\n",
            summary.silent == 0
                ? nil : "<li class=\"card\">\(String(summary.silent)) chains have asked for nothing for a year.</li>\n",
        ].compactMap { $0 }
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="refresh" content="30">
            <title>\(state.title) - EasySetup credentials</title>
            <link rel="stylesheet" href="/status.css">
            </head>
            <body>
            <header>
            <h1>EasySetup credentials</h1>
            <p class="state" data-state="\(state.name)"><span class="mark" aria-hidden="true"></span>\
            <strong>\(state.title)</strong> \(state.sentence)</p>
            </header>
            <main>
            <section aria-labelledby="h-todo">
            <h2 id="h-todo">What to do</h2>
            \(notices.isEmpty ? "<p class=\"card\">Nothing: the service is well.</p>" as HTML : "<ul class=\"notices\">" as HTML)
            \(notices)\(notices.isEmpty ? "" as HTML : "</ul>" as HTML)
            </section>
            <section aria-labelledby="h-now">
            <h2 id="h-now">Now</h2>
            <div class="tables">
            \(table("Accounts", accountRows))
            \(nodeTable)
            </div>
            </section>
            <section aria-labelledby="h-calls">
            <h2 id="h-calls">Since the start</h2>
            <div class="tables">
            \(table("Calls", counts.done.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
            \(table("Refusals", refusalRows))
            </div>
            </section>
            </main>
            <footer>
            <p class="soft">The same for programs: <a href="/metrics">/metrics</a>. Nothing here names a chain, a device or \
            an address.</p>
            </footer>
            </body>
            </html>

            """
        return page.text
    }

    private var accountRows: [(String, Int)] {
        [
            ("Chains", summary.accounts), ("Chains silent for a year", summary.silent),
            ("Chains that are full", summary.full),
            ("Deleted accounts", summary.deleted), ("Revoked devices", summary.revocations),
            ("Unused invitations", summary.invitations),
        ]
    }

    private var refusalRows: [(String, Int)] {
        let rows = counts.refused.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
        return rows.isEmpty ? [("none", 0)] : rows.map { ($0.key.rawValue, $0.value) }
    }

    private func table(_ caption: String, _ rows: [(String, Int)]) -> HTML {
        let rows = rows.map { label, value -> HTML in
            "<tr><th scope=\"row\">\(label)</th><td>\(String(value))</td></tr>\n"
        }
        return "<div class=\"card\"><table><caption>\(caption)</caption>\n<tbody>\(rows)</tbody></table></div>\n"
    }

    private var nodeTable: HTML {
        let rows = summary.nodes.map { node -> HTML in
            let state = node.isDowned ? "down" : node.isBackedOff ? "backed off" : "up"
            return """
                <tr><th scope="row">\(node.name)</th><td>\(String(node.load)) of \(String(node.capacity)), \
                \(String(node.available)) released, \(state)</td></tr>

                """
        }
        return "<div class=\"card\"><table><caption>Nodes</caption>\n<tbody>\(rows)</tbody></table></div>\n"
    }
}
