import EasySetupFleetStore
import NIOCore
import NIOSSL

/// Asks sentinels where the master is, by ``SentinelMachine``. It belongs to an event loop.
final class SentinelWatcher: RedisSocketsOwner {
    enum News {
        case master(RedisPlace)
        /// No sentinel says where the master is.
        case lost
    }

    private let sentinels: [RedisPlace]
    private let loop: any EventLoop
    private let told: (News) -> Void
    private var machine: SentinelMachine
    private lazy var sockets = RedisSockets(tls: tls, loop: loop, owner: self)
    private let tls: () -> NIOSSLContext?
    private lazy var alarm = Alarm(loop: loop, grain: .milliseconds(1)) { [weak self] in self?.timePassed() }

    /// - Parameter told: hears where the master is, often without a change.
    init(
        _ sentinels: [RedisPlace],
        master: String,
        tls: @escaping () -> NIOSSLContext?,
        limits: RedisLimits,
        loop: any EventLoop,
        told: @escaping (News) -> Void
    ) {
        (self.sentinels, self.tls, self.loop, self.told) = (sentinels, tls, loop, told)
        machine = SentinelMachine(master: master, sentinels: sentinels.count, limits: limits)
    }

    func start() { perform(machine.start(at: loop.time)) }

    func stop() {
        perform(machine.stop())
        alarm.cancel()
    }

    func opened() { flush() }

    private func flush() {
        for line in RedisLine.allCases where sockets.isOpen(line) {
            if let bytes = machine.takeOutput(line) { sockets.write(bytes, on: line) }
        }
    }

    func hasUnwritten(_ count: Int, on line: RedisLine, attempt: Int) {}

    func received(_ bytes: ByteBuffer, on line: RedisLine, attempt: Int) {
        perform(machine.received(bytes.readableBytesUInt8Span, on: line, attempt: attempt, at: loop.time))
    }

    func readCompleted() {}

    func failed(attempt: Int, _ problem: StoreProblem) {
        perform(machine.failed(attempt: attempt, at: loop.time))
    }

    private func timePassed() { perform(machine.timePassed(loop.time)) }

    private func perform(_ effects: [SentinelMachine.Effect]) {
        for effect in effects {
            switch effect {
            case .open(let sentinel, let attempt): sockets.open(sentinels[sentinel], attempt: attempt)
            case .close: sockets.close()
            case .master(let place): told(.master(place))
            }
        }
        if machine.isLost { told(.lost) }
        flush()
        if let due = machine.due { alarm.set(for: .uptimeNanoseconds(0) + TimeAmount(due)) }
    }
}

extension EventLoop {
    /// The time for the machines of Redis.
    var time: Duration { .nanoseconds(Int64(clamping: now.uptimeNanoseconds)) }
}
