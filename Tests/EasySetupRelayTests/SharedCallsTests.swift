import EasySetupFleetStore
import EasySetupRelayProtocol
import TestSupport
import Testing

@testable import EasySetupRelay

/// Long-polling devices whose calls come to several real relays, which share a real Redis.
@Suite(
    "Long polling at relays that share a Redis",
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .inTurn,
    .timeLimit(.minutes(60))
)
struct SharedCallsTests {
    private struct Unexpected: Error {}

    private static func poll(
        _ device: LongPollDevice,
        after received: UInt32,
        on socket: LongPollSocket
    ) async throws {
        // The poll of the test that nobody answers must not end by itself.
        let call = PollCall(connection: device.connection, received: received, wait: .seconds(3_000))
        try await socket.send(Requests.call("poll", call.serialized()))
    }

    @Test("A device that polls at one relay and goes away is missed at the other as soon as at one relay alone")
    func presence() async throws {
        let configure: (inout RelayConfiguration) -> Void = { configuration in
            configuration.connectionLimits.longestPoll = .seconds(3_000)
            configuration.connectionLimits.pollAbsence = .seconds(6)
        }
        try await SharedRedisTests.withRelays(2, configure: configure) { _, ports, _ in
            let offerer = try await LongPollDevice(port: ports[0])
            try await offerer.send(.offer(slotLength: 0, work: nil))
            guard case .offered(let slot, _, _) = await offerer.nextFrame() else { throw Unexpected() }
            // It polls at the other relay, which knows then where the session is.
            let elsewhere = try await LongPollSocket(port: ports[1])
            try await Self.poll(offerer, after: 1, on: elsewhere)
            let visitor = try await TestDevice.connect(port: ports[0])
            try await visitor.send(.visit(slot: slot, work: nil))
            guard case .met = await visitor.nextFrame() else { throw Unexpected() }
            let answer = try #require(await elsewhere.next())
            #expect(try PollAnswer(parsing: answer.body).frames.count == 1)
            try await Self.poll(offerer, after: 2, on: elsewhere)
            try await elsewhere.close()
            #expect(await visitor.nextFrame() == .presence(meeting: nil, isPresent: false))
        }
    }

    @Test("A session is in Redis for a minute and a half at a time, and leaves it when its relay forgets it")
    func leavesRedis() async throws {
        let configure: (inout RelayConfiguration) -> Void = { $0.connectionLimits.pollAbsence = .seconds(2) }
        try await SharedRedisTests.withRelays(1, configure: configure) { _, ports, redis in
            try await RedisTalk.with(redis.port) { asking in
                try await RedisTalk.with(redis.port) { hearing in
                    _ = try await asking.send("CONFIG", "SET", "notify-keyspace-events", "E$")
                    _ = try await hearing.send("SUBSCRIBE", "__keyevent@0__:set")
                    let device = try await LongPollDevice(port: ports[0])
                    try await device.send(.offer(slotLength: 0, work: nil))
                    // Claims of slots live for half an hour.
                    var key = try await Self.set(hearing)
                    while try await !(2...90_000).contains(Self.lifetime(of: key, asking)) {
                        key = try await Self.set(hearing)
                    }
                    // It goes away without a word.
                    try await device.hangUp()
                    while try await Self.set(hearing) != key {}
                    #expect(try await Self.lifetime(of: key, asking) <= 1)
                }
            }
        }
    }

    /// The next key that is set.
    private static func set(_ talk: RedisTalk) async throws -> [UInt8] {
        guard case .list(let values) = try await talk.next(), values.count == 3, case .text(let key) = values[2] else {
            throw Unexpected()
        }
        return key
    }

    /// The milliseconds for which a key lives; below zero if it is gone.
    private static func lifetime(of key: [UInt8], _ talk: RedisTalk) async throws -> Int64 {
        guard case .number(let time) = try await talk.send([RESPCommand(words: [Array("PTTL".utf8), key])])[0] else {
            throw Unexpected()
        }
        return time
    }

    @Test("Where codes live for an hour, Redis keeps their slots as long") func longLives() async throws {
        let configure: (inout RelayConfiguration) -> Void = { $0.codeLifetime = .seconds(3_600) }
        try await SharedRedisTests.withRelays(1, configure: configure) { _, _, redis in
            try await RedisTalk.with(redis.port) { talk in
                var key: [UInt8] = []
                // Slots are claimed as soon as the relay has joined.
                try await until {
                    guard case .text(let any) = try await talk.send("RANDOMKEY") else { return false }
                    key = any
                    return key.starts(with: "es1:{".utf8)
                }
                let left = try await Self.lifetime(of: key, talk)
                // The claim's 15 minutes, the code's hour and the seat's five minutes.
                #expect(left > 70 * 60_000 && left <= 80 * 60_000)
            }
        }
    }
}
