import CredentialsCore
import EasySetupRelay
import EasySetupRelayProtocol

/// The service's numbers in the text format of Prometheus.
enum ServiceMetrics {
    static func text(
        _ summary: AccountSummary,
        _ server: CredentialsServer,
        _ process: ProcessStatus,
        _ format: PrometheusText.Format
    ) -> String {
        let counts = server.history.counts
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
            ("free_places", "Places for chains at nodes that are up.", summary.freePlaces),
            ("draining", "Whether the service is about to stop: 1 or 0.", server.isDraining ? 1 : 0),
            (
                "last_reload_successful",
                "Whether everything could be used when the settings were read anew for the last time: 1 or 0.",
                server.isReloadGood ? 1 : 0
            ),
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
        text.add(
            begin + "node_up",
            .gauge,
            help: "Whether a node gets new chains: 1, or 0 where it is down or backed off.",
            unit: nil,
            nodes.map { number($0.state == "up" ? 1 : 0, [("node", $0.name)]) }
        )
        text.add(
            begin + "build_info",
            .gauge,
            help: "The program's version; the value is 1.",
            unit: nil,
            [number(1, [("version", Release.version)])]
        )
        let seconds = process.cpuSeconds
        for (name, kind, help, unit, value) in [
            (
                "process_resident_memory_bytes", .gauge, "Resident bytes.", "bytes",
                process.residentBytes.map(Double.init)
            ),
            ("process_open_fds", .gauge, "Open files and sockets.", nil, process.openFiles.map(Double.init)),
            ("process_max_fds", .gauge, "The most files and sockets.", nil, process.mostFiles.map(Double.init)),
            ("process_cpu_seconds_total", .counter, "Processor time.", "seconds", seconds),
            ("process_start_time_seconds", .gauge, "When the process was started.", "seconds", process.started),
        ] as [(String, PrometheusText.Kind, String, String?, Double?)] {
            guard let value else { continue }
            text.add(name, kind, help: help, unit: unit, [(labels: [], value: .number(value))])
        }
        return text.finished()
    }
}
