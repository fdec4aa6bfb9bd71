import CredentialsCore
import EasySetupRelay

/// The service's numbers in the text format of Prometheus.
enum ServiceMetrics {
    static func text(_ summary: AccountSummary, _ counts: ServiceCounts, _ format: PrometheusText.Format) -> String {
        var text = PrometheusText(format)
        let begin = "easysetup_credentials_"
        func number(_ value: Int, _ labels: [(String, String)] = []) -> (
            labels: [(String, String)], value: PrometheusText.Value
        ) {
            (labels, .number(Double(value)))
        }
        text.add(
            begin + "calls_total",
            .counter,
            help: "Calls that were answered as asked, by call.",
            unit: nil,
            counts.done.sorted { $0.key < $1.key }.map { number($0.value, [("call", $0.key)]) }
        )
        text.add(
            begin + "refusals_total",
            .counter,
            help: "Calls that were refused, by problem.",
            unit: nil,
            counts.refused.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                number($0.value, [("problem", $0.key.rawValue)])
            }
        )
        for (name, help, value) in [
            ("accounts", "Chains that are registered and not deleted.", summary.accounts),
            ("deleted_accounts", "Marks of deleted accounts.", summary.deleted),
            ("silent_accounts", "Chains that have asked for nothing for a year.", summary.silent),
            ("full_accounts", "Chains with more objects than they may have.", summary.full),
            ("objects", "Objects of the chains, as they were counted last.", summary.objects),
            ("revocations", "Devices that were revoked.", summary.revocations),
            ("invitations", "Invitations that nobody has used.", summary.invitations),
            ("nonces", "Nonces that still count.", summary.nonces),
        ] {
            text.add(begin + name, .gauge, help: help, unit: nil, [number(value)])
        }
        let nodes = summary.nodes
        text.add(
            begin + "node_capacity",
            .gauge,
            help: "How many chains a node may have.",
            unit: nil,
            nodes.map { number($0.capacity, [("node", $0.name)]) }
        )
        text.add(
            begin + "node_load",
            .gauge,
            help: "How many chains a node has.",
            unit: nil,
            nodes.map { number($0.load, [("node", $0.name)]) }
        )
        text.add(
            begin + "node_available",
            .gauge,
            help: "How many free places of a node are released.",
            unit: nil,
            nodes.map { number($0.available, [("node", $0.name)]) }
        )
        return text.finished()
    }
}
