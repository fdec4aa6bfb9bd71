import CredentialsCore
import EasySetupRelay

/// The status page: how the service does, and what to do where it does not do well. It is whole without a script.
struct ServiceStatus: Sendable {
    private let report: ServiceReport
    private var summary: AccountSummary { report.summary }

    init(_ report: ServiceReport) {
        self.report = report
    }

    var html: String {
        let (state, hour, total) = (report.state, report.hour.counts, report.history.counts)
        let notices = report.notices.map { notice -> HTML in
            "<li class=\"card\"><strong>\(notice.text)</strong> \(notice.advice)</li>\n"
        }
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
            <p class="state" data-state="\(state.rawValue)"><span class="mark" aria-hidden="true"></span>\
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
            <h2 id="h-calls">Calls</h2>
            <div class="tables">
            \(table("Answered in the last hour", Self.calls(hour)))
            \(table("Refused in the last hour", Self.refusals(hour)))
            \(table("Answered since the start", Self.calls(total)))
            \(table("Refused since the start", Self.refusals(total)))
            </div>
            </section>
            </main>
            <footer>
            <p class="soft">The same for programs: <a href="/status.json">/status.json</a> and \
            <a href="/metrics">/metrics</a>. Nothing here names a chain, a device or an address.</p>
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

    private static func calls(_ counts: ServiceCounts) -> [(String, Int)] {
        counts.done.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func refusals(_ counts: ServiceCounts) -> [(String, Int)] {
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
            """
            <tr><th scope="row">\(node.name)</th><td>\(String(node.load)) of \(String(node.capacity)), \
            \(String(node.available)) released, \(node.state)</td></tr>

            """
        }
        return "<div class=\"card\"><table><caption>Nodes</caption>\n<tbody>\(rows)</tbody></table></div>\n"
    }
}
