package import EasySetup
package import EasySetupHandshake
package import EasySetupRelay
import EasySetupRelayCore
package import EasySetupSeed
import Foundation
package import Logging
import Testing

/// A real relay on loopback and a free port, which runs as long as a test needs it.
package struct LiveRelay: Sendable {
    package let address: RelayAddress
    package let roots: TrustedRoots
    /// The clock of the relay's core, which moves only when the test moves it.
    package let clock: HandClock

    /// Runs a relay while the body runs. A slow machine reaches none of its time limits.
    package static func run<Result: Sendable>(
        tls: Bool = false,
        configure: (inout RelayConfiguration) -> Void = { _ in },
        logger: Logger = quietLogger,
        _ body: @Sendable (LiveRelay) async throws -> Result
    ) async throws -> Result {
        var configuration = RelayConfiguration()
        var roots = TrustedRoots.system
        if tls {
            let made = try MadeCertificate.loopback.get()
            configuration.certificate = CertificateFiles(certificate: made.certificate, key: made.key)
            roots = TrustedRoots(pemFile: made.certificate)
        }
        let clock = HandClock()
        configuration.clock = clock.clock
        configuration.unhurry()
        configure(&configuration)
        return try await withRelay(unchanged: configuration, logger: logger) { [roots] _, port in
            let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: !tls))
            return try await body(LiveRelay(address: address, roots: roots, clock: clock))
        }
    }

    package func client(
        _ name: String,
        _ seed: SyncSeed? = nil,
        store: MemorySeedStore? = nil,
        limits: ClientLimits = .unhurried
    ) -> PairingClient {
        PairingClient(
            name: DeviceName(cleaning: name)!,
            store: store ?? MemorySeedStore(seed),
            roots: roots,
            limits: limits
        )
    }
}

package let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs a relay on a free loopback port while the body runs. Even a slow machine reaches no time limit that the test
/// left at its default value.
package func withRelay<Value>(
    _ configuration: RelayConfiguration = RelayConfiguration(),
    logger: Logger = quietLogger,
    _ body: (RelayServer, Int) async throws -> Value
) async throws -> Value {
    var configuration = configuration
    configuration.unhurry()
    return try await withRelay(unchanged: configuration, logger: logger, body)
}

/// Runs a relay with exactly this configuration while the body runs. The body gets the relay and its first port.
package func withRelay<Value>(
    unchanged configuration: RelayConfiguration,
    logger: Logger = quietLogger,
    _ body: (RelayServer, Int) async throws -> Value
) async throws -> Value {
    let server = RelayServer(configuration: configuration, logger: logger)
    let running = Task { try await server.run() }
    do {
        let value = try await body(server, try await server.port)
        running.cancel()
        try await running.value
        return value
    } catch {
        running.cancel()
        throw error
    }
}

/// Gathers the states of a pairing while it runs, so that a test can wait for one of them and look at all.
package actor Watch {
    package private(set) var states: [PairingState] = []
    private var waiting: [(@Sendable (PairingState) -> Bool, CheckedContinuation<PairingState?, Never>)] = []
    private var isOver = false

    package init(_ pairing: Pairing) {
        Task {
            for await state in pairing { await self.add(state) }
            await self.over()
        }
    }

    /// The first past or future state that matches; nil when the pairing ends without it.
    package func first(where fits: @escaping @Sendable (PairingState) -> Bool) async -> PairingState? {
        if let state = states.first(where: fits) { return state }
        if isOver { return nil }
        return await withCheckedContinuation { waiting.append((fits, $0)) }
    }

    /// The past or future offer with this number, from 1.
    package func offer(_ ordinal: Int = 1) async throws -> Offer {
        let state = await first { if case .offered(let offer) = $0 { offer.ordinal == ordinal } else { false } }
        guard case .offered(let offer)? = state else { throw Missing() }
        return offer
    }

    /// Waits until the pairing has ended, and returns its outcome.
    package func outcome() async throws -> Result<Paired, PairingError> {
        let state = await first {
            switch $0 {
            case .paired, .failed: true
            default: false
            }
        }
        switch state {
        case .paired(let paired)?: return .success(paired)
        case .failed(let error)?: return .failure(error)
        default: throw Missing()
        }
    }

    /// Waits until the pairing has ended, and returns its error; nil after a success.
    package func failure() async throws -> PairingError? {
        if case .failure(let error) = try await outcome() { error } else { nil }
    }

    /// Returns when the sequence of states has ended.
    package func end() async {
        _ = await first { _ in false }
    }

    private func add(_ state: PairingState) {
        states.append(state)
        for (index, (fits, continuation)) in waiting.enumerated().reversed() where fits(state) {
            waiting.remove(at: index)
            continuation.resume(returning: state)
        }
    }

    private func over() {
        isOver = true
        for (_, continuation) in waiting { continuation.resume(returning: nil) }
        waiting = []
    }

    struct Missing: Error {}
}

extension PairingCode {
    /// A well-formed code with the same slot and another secret.
    package func wrong() throws -> PairingCode {
        while true {
            let other = try PairingCode(slot: slot, random: SecretBytes.random(count: PairingCode.secretLength))
            if other.revealed() != revealed() { return other }
        }
    }
}
