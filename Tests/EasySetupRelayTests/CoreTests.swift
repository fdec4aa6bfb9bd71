import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import ServiceLifecycle
import TestSupport
import Testing

@testable import EasySetupRelay

/// A relay with several cores. Devices meet whichever event loops serve them, and every limit holds for all loops
/// together.
@Suite("Relays with several cores", .inTurn, .timeLimit(.minutes(60))) struct CoreTests {
    typealias Transports = PairingTests.Transports
    typealias Pair = PairingTests.Pair

    static func configuration(cores: Int) -> RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.cores = cores
        // All devices of these tests have one address, so the limits for an address prefix must be high.
        configuration.limits.offersPerPrefix = 10_000
        configuration.limits.visitsPerPrefix = 10_000
        configuration.connectionLimits.openingPerPrefix = 10_000
        return configuration
    }

    // MARK: Over real sockets

    @Test(
        "Many pairings at once succeed, and every core serves some",
        arguments: [2, 3],
        [Transports(), Transports(offerer: .longPolling, visitor: .longPolling), Transports(visitor: .longPolling)]
    )
    func manyPairingsOnce(_ cores: Int, _ transports: Transports)
        async throws
    {
        let log = LogKeeper()
        try await withRelay(Self.configuration(cores: cores), logger: log.logger) { _, port in
            for _ in 0..<4 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in UInt8(0)..<24 {
                        group.addTask {
                            let bodies = [[number, 1], [UInt8](repeating: number, count: 1500)]
                            try await Pair(port: port, through: transports).run(bodies: bodies)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
        // With at least 192 connections, it is practically certain that each core gets some.
        let accepted = try #require(log.acceptedByCore)
        #expect(accepted.count == cores)
        #expect(accepted.filter { $0 > 0 }.count == cores, "\(accepted)")
    }

    @Test("A killed device is reported absent, and may come back, on whichever core") func killedDeviceReported()
        async throws
    {
        try await withRelay(Self.configuration(cores: 2)) { _, port in
            for _ in 0..<24 {
                let pair = try await Pair(port: port)
                try await pair.visitorComesBack(port: port).run(bodies: [[1], [2]])
            }
        }
    }

    @Test("A full relay lets nobody in on any core, and lets the next device in when there is room")
    func fullRelayLets() async throws {
        var configuration = Self.configuration(cores: 2)
        configuration.connectionLimits.connections = 1
        try await withRelay(configuration) { _, port in
            for _ in 0..<8 {
                let first = try await TestDevice.connect(port: port)
                async let waiting = exchange("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
                async let another = exchange("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
                try await first.send(.offer(slotLength: 0, work: nil))
                #expect(await first.nextFrame()?.isOffered == true)
                try await first.hangUp()
                for answer in [try await waiting, try await another] {
                    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                }
            }
        }
    }

    @Test("A relay that drains lets pairings go on, and ends with them", arguments: [2, 3]) func drainLetsPairingsGoOn(
        _ cores: Int
    ) async throws {
        let server = RelayServer(configuration: Self.configuration(cores: cores), logger: quietLogger)
        let group = ServiceGroup(services: [server], logger: quietLogger)
        let running = Task { try await group.run() }
        defer { running.cancel() }
        let port = try await server.port
        var (pairs, idle): ([Pair], [TestDevice]) = ([], [])
        for _ in 0..<12 {
            pairs.append(try await Pair(port: port))
            let device = try await TestDevice.connect(port: port)
            try await device.send(.offer(slotLength: 0, work: nil))
            #expect(await device.nextFrame()?.isOffered == true)
            idle.append(device)
        }
        await group.triggerGracefulShutdown()
        for device in idle {
            #expect(await device.next() == .frame(DrainTests.goodbye))
            #expect(await device.next() == .closing(1001))
        }
        for pair in pairs { try await pair.run(bodies: [[1], [2]]) }
        try await running.value
    }

    @Test("Stopping ends every connection of every core", arguments: [2, 3]) func stoppingEndsConnection(_ cores: Int)
        async throws
    {
        let log = LogKeeper()
        let server = RelayServer(configuration: Self.configuration(cores: cores), logger: log.logger)
        let running = Task { try await server.run() }
        let port = try await server.port
        var pairs: [Pair] = []
        for index in 0..<16 {
            pairs.append(
                try await Pair(port: port, through: index % 4 == 0 ? Transports(visitor: .longPolling) : Transports())
            )
        }
        running.cancel()
        try await running.value
        for pair in pairs {
            for case let device as TestDevice in [pair.offerer, pair.visitor] {
                var event = await device.next()
                while event != .gone { event = await device.next() }
            }
        }
        // The relay counts only connections that have not ended.
        #expect(log.lines.contains { $0.contains("stopped") && $0.contains("\"connections\": 0") })
    }

    @Test("A port that another relay has is taken, although cores share one", arguments: [(1, 2), (2, 1), (2, 2)])
    func portRelayTaken(_ first: Int, _ second: Int) async throws {
        try await withRelay(Self.configuration(cores: first)) { _, port in
            var configuration = Self.configuration(cores: second)
            configuration.listen = [ListenAddress(host: "127.0.0.1", port: port)]
            let server = RelayServer(configuration: configuration, logger: quietLogger)
            let expected = RelayError.cannotListen(host: "127.0.0.1", port: port, .addressInUse)
            await #expect(throws: expected) { try await server.run() }
        }
    }

    @Test("A relay with several cores listens at the port that it is told, and again after its end")
    func relaySeveralCores() async throws {
        var tries = 0
        while true {
            do {
                return try await listenTwice()
            } catch let error as RelayError where error.isInUse && tries < 5 {
                // Another test was given the port after this test had freed it.
                tries += 1
            }
        }
    }

    private func listenTwice() async throws {
        let port = try await withRelay(Self.configuration(cores: 3)) { _, port in port }
        var configuration = Self.configuration(cores: 3)
        configuration.listen = [ListenAddress(host: "127.0.0.1", port: port)]
        for _ in 0..<2 {
            try await withRelay(configuration) { _, again in
                #expect(again == port)
                let health = try await exchange("GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
                #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
        }
    }

    // MARK: Each device on the core that the test says

    /// A relay of two cores in memory, with a meeting: the offerer is on the first core, and the visitor on the second.
    struct Met {
        let relay: MemoryRelay
        let offerer: MemoryPeer
        let visitor: MemoryPeer
        let meeting: MeetingID

        init(_ limits: ConnectionLimits = ConnectionLimits()) throws {
            relay = try MemoryRelay(connectionLimits: limits, cores: 2)
            offerer = try relay.connectDevice(core: 0)
            try offerer.send(.offer(slotLength: 0, work: nil))
            guard case .offered(let slot, _, _) = try offerer.receivedFrames().first?.relayFrame else {
                throw PairingTests.Unexpected()
            }
            visitor = try relay.connectDevice(core: 1)
            try visitor.send(.visit(slot: slot, work: nil))
            guard case .met(let meeting, _, _) = try visitor.receivedFrames().first?.relayFrame else {
                throw PairingTests.Unexpected()
            }
            self.meeting = meeting
            // The visitor's core has woken the offerer's core. That core learns of the frame only when it runs.
            #expect(try offerer.receivedFrames().isEmpty)
            relay.loops[0].run()
            #expect(try offerer.receivedFrames().compactMap(\.relayFrame) == [.visitor(meeting: meeting)])
        }

        /// A message of the visitor in the form in which the offerer gets it.
        func message(_ number: UInt32) -> RelayFrame {
            .message(meeting: meeting, Message(number: number, ack: 0, body: [UInt8(number)]))
        }
    }

    @Test("The other core's decisions come in one piece and in order, however many there are")
    func otherCoresDecisions()
        throws
    {
        let met = try Met()
        for number in UInt32(1)...5 { try met.visitor.send(LongPollMeetingTests.message(number)) }
        #expect(try met.offerer.receivedFrames().isEmpty)
        met.relay.loops[0].run()
        let told = try met.offerer.channel.readOutbound(as: ByteBuffer.self)
        let frames = WebSocketBytes.parse(Array(buffer: try #require(told))).compactMap(\.relayFrame)
        #expect(frames == (1...5).map(met.message))
        #expect(try met.offerer.receivedFrames().isEmpty)
        // The offerer's core must be woken again by another frame.
        try met.visitor.send(LongPollMeetingTests.message(6))
        met.relay.loops[0].run()
        #expect(try met.offerer.receivedFrames().compactMap(\.relayFrame) == [met.message(6)])
    }

    @Test("A core that takes what another core left for it misses nothing that comes later") func coreTakesCore() throws
    {
        let met = try Met()
        try met.visitor.send(LongPollMeetingTests.message(1))
        // The core takes the visitor's message together with its own event, before it handles the wake-up. A later
        // message must wake it again.
        try met.offerer.channel.writeInbound(ByteBuffer(bytes: WebSocketBytes.frame(.ping, [])))
        met.relay.loops[0].run()
        #expect(try met.offerer.receivedFrames().compactMap(\.relayFrame) == [met.message(1)])
        try met.visitor.send(LongPollMeetingTests.message(2))
        met.relay.loops[0].run()
        #expect(try met.offerer.receivedFrames().compactMap(\.relayFrame) == [met.message(2)])
    }

    @Test("A device that is cut off on one core is absent on the other") func deviceCutOff() throws {
        let met = try Met()
        met.visitor.channel.close(promise: nil)
        for loop in met.relay.loops.reversed() { loop.run() }
        let told = try met.offerer.receivedFrames().compactMap(\.relayFrame)
        #expect(told == [.presence(meeting: met.meeting, isPresent: false)])
    }

    @Test("An effect for a connection that has gone does no harm to another connection") func effectForGoneConnection()
        throws
    {
        let met = try Met()
        try met.visitor.send(LongPollMeetingTests.message(1))
        met.offerer.channel.close(promise: nil)
        let other = try met.relay.connectDevice(core: 0)
        for loop in met.relay.loops { loop.run() }
        #expect(try other.receivedFrames().isEmpty)
        #expect(met.relay.workers[0].connections.all.count == 1)
        #expect(
            try met.visitor.receivedFrames().compactMap(\.relayFrame) == [.presence(meeting: nil, isPresent: false)]
        )
    }

    @Test("One address has a limited number of connections without a device on all cores together")
    func addressLimitedNumber() throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 3
        let relay = try MemoryRelay(connectionLimits: limits, cores: 2)
        for core in [0, 1, 0] { _ = try relay.connect(core: core) }
        for core in 0..<2 {
            let channel = EmbeddedChannel(loop: relay.loops[core])
            channel.remoteAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
            try ConnectionPipeline.configure(channel, worker: relay.workers[core], certificate: nil)
        }
        #expect(relay.hub.read { $0.admission.socketCount } == 3)
        #expect(relay.outcomes[.tooManyOpening] == 2)
    }

    @Test("A core accepts again when another core has freed a place") func coreAcceptsAgain() throws {
        var limits = ConnectionLimits()
        limits.connections = 2
        let relay = try MemoryRelay(connectionLimits: limits, cores: 2)
        let peers = try (0..<2).map { try relay.connect(core: $0) }
        var freed = [0, 0]
        for core in 0..<2 {
            let worker = relay.workers[core]
            worker.addListener(ObjectIdentifier(worker)) { freed[core] += 1 }
        }
        #expect(relay.workers.map(\.isFull) == [true, true])
        peers[1].channel.close(promise: nil)
        relay.loops[1].run()
        #expect(freed == [0, 1])
        relay.loops[0].run()
        #expect(freed == [1, 1])
    }

    @Test("A poll on one core is answered by an event on the other core, and by time") func pollAcrossCores() throws {
        let met = try Met()
        let poller = try met.relay.connect(core: 0)
        #expect(try poller.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(9))?.sendAnswer?.have == 1)
        #expect(try poller.poll(1, of: .named(9), wait: .seconds(20)) == nil)
        let elsewhere = try met.relay.connect(core: 1)
        #expect(try elsewhere.send([], first: 2, of: .named(9), isClosing: true)?.status == 200)
        met.relay.loops[0].run()
        #expect(try poller.receivedAnswers().first?.pollAnswer?.isClosed == true)
    }

    @Test("Cores that read their clocks crosswise don't set the relay's time back") func coresReadClocks() throws {
        let relay = try MemoryRelay(cores: 2)
        var seen: [Moment] = []
        for seconds in [10, 8, 12] {
            let moment = Moment(monotonic: .seconds(seconds), utcSeconds: 0)
            var (events, deeds): ([RelayHub.Event], [RelayHub.Effect]) = ([], [])
            _ = relay.hub.change(by: 0, after: &events, into: &deeds, at: moment) { state in
                seen.append(state.turn.now)
            }
        }
        #expect(seen.map(\.monotonic) == [.seconds(10), .seconds(10), .seconds(12)])
    }

    @Test("Stopping on one core ends the connections of the other") func stoppingCoreEnds() throws {
        let met = try Met()
        var hasEnded = false
        met.relay.ended.assumeIsolated().whenSuccess { hasEnded = true }
        met.relay.worker.stop()
        #expect(!met.offerer.isOpen)
        #expect(met.visitor.isOpen)
        #expect(!hasEnded)
        met.relay.loops[1].run()
        #expect(!met.visitor.isOpen)
        met.relay.loops[0].run()
        #expect(hasEnded)
        #expect(try met.visitor.receivedFrames().first?.relayFrame == DrainTests.goodbye)
    }
}

extension LogKeeper {
    /// The number of connections that each core accepted, from the relay's last log line; nil if it is not there.
    var acceptedByCore: [Int]? {
        guard let line = lines.last(where: { $0.contains("notice stopped") }),
            let counts = line.firstMatch(of: #/"accepted-by-core": ([0-9 ]+)/#)
        else { return nil }
        return counts.1.split(separator: " ").compactMap { Int($0) }
    }
}
