import EasySetup
import EasySetupRelayProtocol
import Logging
import Synchronization

/// Gathers the facts for the checks of `easysetup doctor`. Every step has a limit of time, and a step that fails does
/// not keep later ones from being made that can still succeed.
struct Examination: Sendable {
    let relay: RelayAddress
    /// The place that names the relay, in words.
    let source: String
    let roots: TrustedRoots
    /// The place of the trusted authorities, in words.
    let authorities: String
    /// The variable that names a proxy for this relay; nil if none is set.
    let proxyVariable: String?
    /// How long quiet connections are watched; zero for not at all.
    let quiet: Duration
    private let limits = ClientLimits()
    /// Receives the findings of each check as soon as they are known.
    let tell: @Sendable ([Finding]) -> Void
    /// Called with the message of the relay's operator for people, if there is one.
    let says: @Sendable (RelayMessage) -> Void
    /// Called before quiet connections are watched, with the time that this takes.
    let waits: @Sendable (Duration) -> Void

    /// The longest time for one pairing.
    private static let pairingTime = Duration.seconds(30)
    /// The longest time for a frame or a call that the relay answers at once.
    private static let answerTime = Duration.seconds(10)
    /// The number of round trips that are measured by each transport.
    static let trips = 5
    /// The longest time for which a relay keeps a poll (`longestPoll` in `Protocol/limits.md`).
    private static let longestPoll = Duration.seconds(25)

    func run() async {
        guard let probe = makeProbe() else { return }
        guard let reached = await reach(probe) else {
            return skip(after: .tls, because: "The relay's host was not reached.")
        }
        guard reached else {
            return skip(after: .tls, because: "Nothing is sent without TLS that this device trusts.")
        }
        await ask(probe)
    }

    private func skip(after check: CheckName, because why: String) {
        tell(CheckName.allCases.drop { $0 != check }.dropFirst().map { .skipped($0, why) })
    }

    // MARK: The way to the relay

    /// Tells of the address, the proxy and the authorities. Nil if one of them has a fault.
    private func makeProbe() -> RelayProbe? {
        let mended = "Nothing is asked before that is mended."
        do throws(PairingError) {
            let probe = try RelayProbe(relay, trusting: roots, by: .environment, limits: limits)
            tell(AddressCheck(relay: relay, source: source).findings)
            tell(ProxyCheck(relay: relay, variable: proxyVariable, proxy: .success(probe.proxy)).findings)
            tell(AuthoritiesCheck(relay: relay, place: authorities, fault: nil).findings)
            return probe
        } catch {
            let isAddress = error.code == .relayUnreachable
            tell(AddressCheck(relay: relay, source: source, fault: isAddress ? error : nil).findings)
            if isAddress {
                skip(after: .address, because: mended)
            } else if [.proxyAddress, .proxyFailed].contains(error.code) {
                tell(ProxyCheck(relay: relay, variable: proxyVariable, proxy: .failure(error)).findings)
                skip(after: .proxy, because: mended)
            } else {
                tell([.skipped(.proxy, mended)])
                tell(AuthoritiesCheck(relay: relay, place: authorities, fault: error).findings)
                skip(after: .authorities, because: mended)
            }
            return nil
        }
    }

    /// Tells of the host's name, its ports and TLS.
    /// - Returns: whether the relay may be asked; nil if its host was not reached.
    private func reach(_ probe: RelayProbe) async -> Bool? {
        let isProxys = probe.proxy != nil
        let host = HostProbe(host: probe.proxy?.host ?? relay.host, port: probe.proxy?.port ?? relay.port)
        let addresses = await host.lookUp(limit: limits.connectTimeout)
        let name = NameCheck(
            host: host.host,
            isProxys: isProxys,
            addresses: host.isAddress ? nil : addresses
        )
        tell(name.findings)
        let ports = await connect(host, to: addresses.all)
        guard !ports.isEmpty else {
            tell([.skipped(.port, "There is no address to connect to.")])
            tell([.skipped(.tls, "There is no address to connect to.")])
            return nil
        }
        let results = ports.map { ($0.address.text, $0.address.isIPv6, $0.result) }
        tell(PortCheck(results: results, isProxys: isProxys).findings)
        let open = ports.filter { (try? $0.result.get()) != nil }.map(\.address)
        guard !open.isEmpty else {
            tell([.skipped(.tls, "Nothing answers at the port.")])
            return nil
        }
        guard !relay.isPlain else {
            tell([.skipped(.tls, "An address with ws:// has no TLS.")])
            return true
        }
        let secured = await secure(probe, at: isProxys ? [nil] : open)
        tell(TLSCheck(results: secured).findings)
        return secured.contains { (try? $0.result.get()) != nil }
    }

    private func connect(
        _ host: HostProbe,
        to addresses: [ProbedAddress]
    ) async -> [(address: ProbedAddress, result: Result<Duration, PairingError>)] {
        await Self.inOrder(addresses) { address in
            (address, await host.connect(to: address, limit: limits.connectTimeout))
        }
    }

    private func secure(
        _ probe: RelayProbe,
        at addresses: [ProbedAddress?]
    ) async -> [(address: String?, result: Result<TLSFacts, PairingError>)] {
        await Self.inOrder(addresses) { address in (address?.text, await probe.secure(at: address)) }
    }

    /// Runs a body for every item at once, and returns the results in the order of the items.
    private static func inOrder<Item: Sendable, Value: Sendable>(
        _ items: [Item],
        _ body: @escaping @Sendable (Item) async -> Value
    ) async -> [Value] {
        await withTaskGroup(of: (Int, Value).self) { group in
            for (index, item) in items.enumerated() { group.addTask { (index, await body(item)) } }
            var values: [(Int, Value)] = []
            for await value in group { values.append(value) }
            return values.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    // MARK: The relay and its transports

    private func ask(_ probe: RelayProbe) async {
        let http = probe.http()
        async let asked = http.get("/health/ready", timeout: Self.answerTime)
        async let opened = openWebSocket(probe)
        async let polled = poll(probe)
        let (health, webSocket, calls) = await (asked, opened, polled)
        http.close()
        var server = ServerCheck(health: health, webSocket: webSocket.facts, longPolling: calls.facts)
        if !server.isRelay, relay.isPlain { server.speaksTLS = await speaksTLS() }
        tell(server.findings)
        guard server.isRelay else {
            calls.connection.close()
            return skip(after: .relay, because: "No relay answers.")
        }
        let dated = [health, calls.facts.probe, webSocket.facts.upgrade].compactMap { try? $0.get() }
        let times = dated.lazy.compactMap { answer in answer.date.map { (relay: $0, device: answer.clock) } }.first
        tell(ClockCheck(times: times).findings)
        let takesCalls = calls.facts.works || calls.facts.refusal != nil
        tell(WebSocketCheck(facts: webSocket.facts, hasOther: takesCalls).findings)
        tell(LongPollCheck(facts: calls.facts, hasOther: webSocket.facts.works).findings)
        let service = ServiceCheck(health: health, webSocket: webSocket.facts, longPolling: calls.facts)
        tell(service.findings)
        if let message = webSocket.facts.message ?? calls.facts.message { says(message) }
        let isServing = service.refusal == nil
        let useless = isServing ? "This transport does not work." : "The relay takes no new devices."
        for (transport, works) in [(Transport.webSocket, webSocket.facts.works), (.longPolling, takesCalls)] {
            await pair(probe, by: transport, unless: isServing && works ? nil : useless)
        }
        let quietSocket = webSocket.facts.works && isServing ? webSocket.connection : nil
        let quietCalls = calls.facts.works && isServing ? calls.connection : nil
        let ping = quietSocket.map { socket in { await socket.ping(timeout: limits.upgradeTimeout) } }
        await measure(.webSocket, ping, otherwise: useless)
        let since = ContinuousClock.now
        await measure(.longPolling, quietCalls.map { calls in { await trip(calls) } }, otherwise: useless)
        await watch(quietSocket, since: since, quietCalls == nil ? nil : calls.turns, otherwise: useless)
        await webSocket.connection?.close(saying: .leave(.cancelled))
        _ = await calls.connection.send([.leave(.cancelled)], first: 2, isClosing: true, timeout: limits.goodbye)
        calls.connection.close()
    }

    /// Whether the server at an address without TLS speaks TLS, with a certificate that is trusted or not.
    private func speaksTLS() async -> Bool {
        guard let secured = RelayAddress(host: relay.host, port: relay.port, isPlain: false),
            let probe = try? RelayProbe(secured, trusting: roots, by: .environment, limits: limits)
        else { return false }
        switch await probe.secure(at: nil) {
        case .success: return true
        case .failure(let error): return error.code == .relayUntrusted
        }
    }

    /// A WebSocket with a room for a code that nobody learns.
    private func openWebSocket(_ probe: RelayProbe) async -> OpenedWebSocket {
        let upgrade = await probe.upgrade(timeout: limits.upgradeTimeout)
        var opened = OpenedWebSocket(facts: WebSocketFacts(upgrade: upgrade))
        guard opened.facts.subprotocols == [Subprotocol.name] else { return opened }
        switch await probe.webSocket() {
        case .failure(let error): opened.facts.frame = .failure(error)
        case .success(let connection):
            opened.connection = connection
            let offer = DeviceFrame.offer(slotLength: Slot.lengths.lowerBound, work: nil)
            let received = await connection.send(offer, timeout: Self.answerTime)
            opened.facts.frame = received.map(\.frame)
            opened.facts.message = try? received.get().message
        }
        return opened
    }

    /// A connection by long polling with a room for a code that nobody learns.
    private func poll(_ probe: RelayProbe) async -> OpenedCalls {
        let connection = probe.longPolling()
        let answered = await connection.send([], first: 1, timeout: Self.answerTime)
        var opened = OpenedCalls(facts: LongPollFacts(probe: answered), connection: connection)
        guard case .success(let answer) = answered, answer.problem == .unknownConnection else { return opened }
        let offer = DeviceFrame.offer(slotLength: Slot.lengths.lowerBound, work: nil)
        let sent = await connection.send([offer], first: 1, timeout: Self.answerTime)
        opened.facts.opened = sent
        guard case .success(let taken) = sent, taken.status == 200 else { return opened }
        opened.facts.polled = await connection.poll(received: 0, wait: Self.answerTime, timeout: Self.answerTime * 2)
        let count = UInt32(opened.facts.frames.count)
        guard count > 0, opened.facts.refusal == nil else { return opened }
        // The relay answers the poll that came first as soon as it has the other one, which then waits. A poll that no
        // frame ends is answered after its own time.
        let wait = min(Self.longestPoll, max(quiet, Self.answerTime) + .seconds(5))
        let turns = Turns()
        opened.turns = turns
        for isSecond in [false, true] {
            Task {
                let answer = await connection.poll(
                    received: count,
                    wait: wait,
                    isSecond: isSecond,
                    timeout: wait + limits.callTimeout
                )
                await turns.ended(answer)
            }
        }
        opened.facts.turn = await turns.first(within: Self.answerTime)
        return opened
    }

    /// Measures round trips, one after the other.
    private func measure(
        _ transport: Transport,
        _ trip: (() async -> Duration?)?,
        otherwise reason: String
    ) async {
        guard let trip else {
            let check: CheckName = transport == .webSocket ? .tripByWebSocket : .tripByLongPolling
            return tell([.skipped(check, reason)])
        }
        var times: [Duration] = []
        for _ in 0..<Self.trips {
            if let time = await trip() { times.append(time) }
        }
        tell(RoundTripCheck(transport: transport, times: times, tried: Self.trips).findings)
    }

    private func pair(_ probe: RelayProbe, by transport: Transport, unless obstacle: String?) async {
        let check: CheckName = transport == .webSocket ? .pairingByWebSocket : .pairingByLongPolling
        if let obstacle { return tell([.skipped(check, obstacle)]) }
        let used = UsedTransports()
        let logger = Logger(label: "easysetup.client")
        let pairing = DemoPairing(
            relay: relay,
            seed: .random(),
            client: { name, store in
                probe.client(name, store: store, through: transport, logger: logger) { used.add($0) }
            },
            output: nil
        )
        let outcome = await withTaskGroup(of: PairingCheck.Outcome.self) { group in
            group.addTask {
                do {
                    return .paired(try await pairing.run().1, by: used.all)
                } catch {
                    return .failed(error as? PairingError ?? .fault)
                }
            }
            group.addTask {
                try? await Task.sleep(for: Self.pairingTime)
                return .unfinished(Self.pairingTime)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failed(.fault)
        }
        tell(PairingCheck(transport: transport, outcome: outcome).findings)
    }

    /// The time of a call that the relay answers at once.
    private func trip(_ calls: LongPollProbe) async -> Duration? {
        let answered = await calls.send([], first: 2, timeout: limits.upgradeTimeout)
        guard case .success(let answer) = answered, answer.status == 200 else { return nil }
        return answer.took
    }

    /// Watches the quiet connections.
    /// - Parameter since: the moment from which on nothing was said on the WebSocket.
    private func watch(
        _ webSocket: WebSocketProbe?,
        since: ContinuousClock.Instant,
        _ call: Turns?,
        otherwise useless: String
    ) async {
        guard quiet > .zero, webSocket != nil || call != nil else {
            let why = quiet > .zero ? useless : "It was not asked for (--watch)."
            return tell([.skipped(.quietWebSocket, why), .skipped(.quietCall, why)])
        }
        waits(quiet)
        async let quietWebSocket = watch(webSocket, since: since, otherwise: useless)
        async let quietCall = watch(call, otherwise: useless)
        await tell(quietWebSocket)
        await tell(quietCall)
    }

    private func watch(
        _ connection: WebSocketProbe?,
        since: ContinuousClock.Instant,
        otherwise useless: String
    ) async -> [Finding] {
        guard let connection else { return [.skipped(.quietWebSocket, useless)] }
        let hasEnded = await connection.ends(within: max(.zero, quiet - since.duration(to: .now)))
        let time = since.duration(to: .now)
        var outcome = QuietCheck.Outcome.ended(time)
        // A middlebox may have forgotten the connection without a word, which only an answer can disprove.
        if !hasEnded, await connection.ping(timeout: Self.answerTime) != nil { outcome = .open }
        return QuietCheck(check: .quietWebSocket, watched: quiet, outcome: outcome).findings
    }

    private func watch(_ call: Turns?, otherwise useless: String) async -> [Finding] {
        guard let call else { return [.skipped(.quietCall, useless)] }
        let watched = min(quiet, Self.longestPoll - .seconds(5))
        let time = await call.second(within: watched)
        return QuietCheck(check: .quietCall, watched: watched, outcome: time.map { .ended($0) } ?? .open).findings
    }
}
