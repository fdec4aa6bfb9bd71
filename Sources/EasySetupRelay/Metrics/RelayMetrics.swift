import EasySetupFleet
import EasySetupRelayCore

/// All metrics of a relay, in the order in which they are told.
enum RelayMetrics {
    static let all = codes + visitors + refusals + traffic + state + fleet + program

    private static func name(_ rest: String) -> String { "easysetup_relay_" + rest }

    private static let codes: [RelayMetric] = [
        .counter(name("codes_issued"), nil, "Codes issued to offerers.") { $0.hub.counts.codes },
        .counter(name("codes_restored"), nil, "Codes that offerers brought back by a token.") {
            $0.hub.counts.restoredRooms
        },
        .counters(name("codes_ended"), by: "outcome", "Codes that ended before a visitor had the seat, by outcome.") {
            $0.hub.counts.unseated.all
        },
        .counter(name("seats"), nil, "Visitors that got the seat: each begins a pairing.") { $0.hub.counts.seats },
        .counters(name("pairings_ended"), by: "outcome", "Pairings that ended, by outcome.") {
            $0.hub.counts.pairings.all
        },
        .histogram(name("offer_to_seat_seconds"), "Time from the offer of a code to the seat of its visitor.") {
            [.init(.times($0.hub.counts.timeToSeat))]
        },
        .histogram(
            name("seat_to_done_seconds"),
            "Time from the seat to the frame by which a device says that the pairing is done."
        ) { [.init(.times($0.hub.counts.timeToDone))] },
    ]

    private static let visitors: [RelayMetric] = [
        .counter(name("visits"), nil, "Visits that were looked at: tries of a code.") { $0.hub.counts.visits },
        .counter(name("misses"), nil, "Visits that found no code, or one that is in use or over.") {
            $0.hub.counts.misses
        },
        .counter(name("meetings_begun"), nil, "Visitors that were brought together with an offerer.") {
            $0.hub.counts.meetings
        },
        .counter(name("line_entries"), nil, "Visitors that had to wait in line.") { $0.hub.counts.lineEntries },
        .counter(name("wrong_proofs"), nil, "Guesses: proofs that did not fit, as offerers say.") {
            $0.hub.counts.wrongProofs
        },
        .counter(name("strangers"), nil, "Visitors that had to leave because another one got the seat.") {
            $0.hub.counts.strangers
        },
    ]

    private static let refusals: [RelayMetric] = [
        .counters(name("work_asked"), by: "purpose", "Challenges of proof of work that were sent, by what for.") {
            $0.hub.counts.workAsked.all
        },
        .counters(name("work_answers"), by: "result", "Proofs of work that came, by result.") {
            $0.hub.counts.work.all
        },
        .counters(name("refusals"), by: "reason", "Frames that refuse a device, by reason.") {
            $0.hub.counts.refusals.all
        },
        .counters(name("limit_hits"), by: "limit", "How often a limit was hit, by the limit's name.") {
            $0.hub.counts.limits.all
        },
        .counters(name("connection_failures"), by: "outcome", "Connections that were refused or lost, by outcome.") {
            $0.hub.outcomes
        },
    ]

    private static let traffic: [RelayMetric] = [
        .counters(name("connections_accepted"), by: "core", "Connections accepted, by core.") { status in
            status.hub.accepted.enumerated().map { (String($0.offset), $0.element) }
        },
        .counter(name("messages"), nil, "Messages taken from a device for another.") { $0.hub.counts.messages },
        .counters(name("frames_received"), by: "transport", "Frames from devices, by transport.") {
            byTransport($0.hub.counts.webSocket.received, $0.hub.counts.longPolling.received)
        },
        .counters(name("frames_sent"), by: "transport", "Frames to devices, by transport.") {
            byTransport($0.hub.counts.webSocket.sent, $0.hub.counts.longPolling.sent)
        },
        .counters(
            name("received_bytes"),
            .bytes,
            by: "transport",
            "Bytes from devices: all of a connection without TLS, and the frames of long polling."
        ) { byTransport($0.loops.reduce(0) { $0 + $1.receivedBytes }, $0.hub.counts.longPolling.receivedBytes) },
        .counters(
            name("sent_bytes"),
            .bytes,
            by: "transport",
            "Bytes to devices: all of a connection without TLS, and the frames of long polling."
        ) { byTransport($0.loops.reduce(0) { $0 + $1.sentBytes }, $0.hub.counts.longPolling.sentBytes) },
        .histogram(
            name("message_relaying_seconds"),
            "Time from the decision about a message to its writing to a WebSocket."
        ) { status in
            var total = Histogram(bounds: .ofMachines)
            for loop in status.loops { total += loop.relaying }
            return [.init(.times(total))]
        },
        .histogram(name("event_loop_lag_seconds"), "How late an event loop was, measured once a second, by core.") {
            $0.loops.enumerated().map { .init(.times($0.element.lag), [("core", String($0.offset))]) }
        },
    ]

    private static let state: [RelayMetric] = [
        .gauge(name("codes_live"), nil, "Codes that wait for their visitor.") {
            Double($0.hub.statistics.rooms - $0.hub.statistics.seated)
        },
        .gauge(name("pairings_in_hand"), nil, "Pairings that go on: a visitor has the seat.") {
            Double($0.hub.statistics.seated)
        },
        .gauge(name("meetings_in_hand"), nil, "Visitors in a meeting with an offerer.") {
            Double($0.hub.statistics.meetings)
        },
        .gauge(name("visitors_in_line"), nil, "Visitors that wait in line.") { Double($0.hub.statistics.waiting) },
        .gauge(name("connections"), nil, "Open connections.") { Double($0.hub.sockets) },
        .gauges(name("devices"), by: "transport", "Devices that are connected and wait, by transport.") {
            byTransport(Double($0.hub.webSocketDevices), Double($0.hub.longPollingDevices))
        },
        .gauge(name("devices_roomless"), nil, "Devices in no room: about to say what they want, or at work.") {
            Double($0.hub.statistics.roomless)
        },
        .gauge(name("mailbox_bytes"), .bytes, "Messages that are kept until they are acknowledged.") {
            Double($0.hub.statistics.mailboxBytes)
        },
        .gauge(name("unread_bytes"), .bytes, "Bytes that devices leave unread.") { Double($0.hub.unreadBytes) },
        .gauge(name("body_bytes"), .bytes, "Bodies of requests that are arriving.") { Double($0.hub.bodyBytes) },
        .gauges(name("fill_ratio"), .ratio, by: "limit", "How full the relay is, by limit: 1 is full.") {
            $0.hub.fill
        },
        .gauge(name("draining"), nil, "Whether the relay takes no new devices, because it is about to stop.") {
            $0.hub.statistics.isDraining ? 1 : 0
        },
    ]

    /// Nothing of it is told by a relay alone.
    private static let fleet: [RelayMetric] = [
        .gauge(name("fleet_joined"), nil, "Whether the directory answers and the bus is heard.") {
            $0.hub.fleet.map { $0.isJoined ? 1 : 0 }
        },
        .gauge(name("fleet_unchanged_seconds"), .seconds, "How long the relay has been joined, or cut off.") {
            $0.hub.fleet.map { $0.unchanged / .seconds(1) }
        },
        .gauge(name("fleet_relays_heard"), nil, "Other relays of the fleet that are heard.") {
            $0.hub.fleet.map { Double($0.others) }
        },
        .gauge(
            name("fleet_relays_unlike"),
            nil,
            "Relays of the fleet that are heard and have other limits than this one."
        ) {
            $0.hub.fleet.map { Double($0.othersUnlike) }
        },
        .gauge(name("fleet_servers_lost"), nil, "Servers of the fleet that can't be used, where there are several.") {
            $0.hub.fleet.map { Double($0.serversLost) }
        },
        .gauge(name("fleet_rooms"), nil, "Rooms whose home is this relay.") { status in
            status.hub.fleet.map { _ in Double(status.hub.statistics.rooms) }
        },
        .gauge(name("fleet_far_devices"), nil, "Devices at other relays that are in rooms here.") {
            $0.hub.fleet.map { Double($0.farDevices) }
        },
        .gauge(name("fleet_devices_elsewhere"), nil, "Devices here whose rooms are at other relays.") {
            $0.hub.fleet.map { Double($0.devicesElsewhere) }
        },
        .gauge(name("fleet_trunks"), nil, "Trunks to other relays.") { $0.hub.fleet.map { Double($0.trunks) } },
        .fleetCounter("messages_published", "Messages that were published for other relays.", \.published),
        .fleetCounter("messages_unheard", "Messages that nobody heard, or that the store did not take.", \.unheard),
        .fleetCounter("messages_heard", "Messages of other relays that were taken.", \.heard),
        .fleetCounter(
            "messages_unreadable",
            "Messages that could not be read, as those of a relay with another key file.",
            \.unreadable
        ),
        .fleetCounter("takeovers", "Rooms that the relay took over from another.", \.takeovers),
        .fleetCounter("broken_legs", "Devices that had to come again because a trunk broke.", \.brokenLegs),
        .fleetCounter("cuts", "How often the relay was cut off.", \.cuts),
        .fleetCounter("directory_losses", "How often the directory had lost its data.", \.losses),
        .fleetCounter(
            "sleeps",
            "How often the relay was stopped for so long that it went on as another run.",
            \.sleeps
        ),
        .fleetCounter(
            "refused",
            "Questions and messages that Redis refused, because it is full or the user may not.",
            \.refused
        ),
        .fleetCounter("too_fast", "Devices that were cut because they said too much to another relay.", \.tooFast),
        .histogram(name("fleet_directory_seconds"), "Time from a question about a room to the directory's answer.") {
            times($0, \.directory)
        },
        .histogram(
            name("fleet_publish_seconds"),
            "Time from publishing a message to Redis' answer how many heard it; not until they hear it."
        ) { times($0, \.publishing) },
    ]

    private static func times(_ status: RelayStatus, _ read: (LoopStatus) -> Histogram) -> [RelayMetric.Sample] {
        guard status.hub.fleet != nil else { return [] }
        var total = Histogram(bounds: .ofMachines)
        for loop in status.loops { total += read(loop) }
        return [.init(.times(total))]
    }

    private static let program: [RelayMetric] = [
        RelayMetric(name: name("build_info"), kind: .gauge, unit: nil, help: "What runs; always 1.") { status in
            let labels = [("version", status.build.version), ("protocol", status.build.protocolName)]
            return [.init(.number(1), labels)]
        },
        .gauge(name("cores"), nil, "Cores that the relay serves with.") { Double($0.build.cores) },
        .gauge(name("memory_ceiling_bytes"), .bytes, "The most memory that the relay may come to hold.") {
            Double($0.memoryCeiling)
        },
        .gauge(
            name("certificate_expiry_timestamp_seconds"),
            .seconds,
            "When the first certificate of the chain expires, since 1970. Absent without TLS."
        ) { $0.certificateExpiry.map(Double.init) },
        .gauge(
            name("last_reload_successful"),
            nil,
            "Whether everything could be used when settings and files were read anew for the last time: 1 or 0."
        ) { $0.lastReloadSucceeded ? 1 : 0 },
        .gauge(name("start_time_seconds"), .seconds, "When the relay began to listen, since 1970.") {
            Double($0.started)
        },
        .gauge("process_start_time_seconds", .seconds, "When the process was started, since 1970.") {
            $0.process.started
        },
        RelayMetric(
            name: "process_cpu_seconds_total",
            kind: .counter,
            unit: .seconds,
            help: "Processor time of the process."
        ) { $0.process.cpuSeconds.map { [.init(.number($0))] } ?? [] },
        .gauge("process_resident_memory_bytes", .bytes, "Resident memory of the process.") {
            $0.process.residentBytes.map(Double.init)
        },
        .gauge("process_virtual_memory_bytes", .bytes, "Virtual memory of the process.") {
            $0.process.virtualBytes.map(Double.init)
        },
        .gauge("process_open_fds", nil, "Open files and sockets of the process.") {
            $0.process.openFiles.map(Double.init)
        },
        .gauge("process_max_fds", nil, "The most files and sockets that the process may have open.") {
            $0.process.mostFiles.map(Double.init)
        },
    ]

    private static func byTransport<Value>(_ webSocket: Value, _ longPolling: Value) -> [(String, Value)] {
        [("websocket", webSocket), ("long-polling", longPolling)]
    }
}

extension RelayMetric {
    fileprivate static func fleetCounter(
        _ name: String,
        _ help: String,
        _ read: @escaping @Sendable (FleetCounts) -> Int
    ) -> RelayMetric {
        counter("easysetup_relay_fleet_" + name, nil, help) { $0.hub.fleet.map { read($0.counts) } }
    }
}
