package import EasySetup
package import EasySetupHandshake
package import EasySetupRelay
import EasySetupRelayCore
package import EasySetupSeed
import Foundation
package import Logging
import Testing

/// A real relay on loopback, on a free port, as long as a test needs it.
package struct LiveRelay: Sendable {
    package let address: RelayAddress
    package let roots: TrustedRoots
    /// The clock of the relay's core, which moves only when the test moves it.
    package let clock: HandClock

    /// Runs a relay for as long as the body runs, without any limit that a slow machine could reach.
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

/// Runs a relay on a free loopback port while the body runs. Limits that the test leaves alone are never reached, even
/// on a slow machine.
package func withRelay<Value>(
    _ configuration: RelayConfiguration = RelayConfiguration(),
    logger: Logger = quietLogger,
    _ body: (RelayServer, Int) async throws -> Value
) async throws -> Value {
    var configuration = configuration
    configuration.unhurry()
    return try await withRelay(unchanged: configuration, logger: logger, body)
}

/// Runs a relay with this configuration while the body runs, which gets the first of its ports.
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

/// A pairing's states, gathered while it runs, so that a test can wait for one and look at all.
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

    /// The past or future offer with this number.
    package func offer(_ ordinal: Int = 1) async throws -> Offer {
        let state = await first { if case .offered(let offer) = $0 { offer.ordinal == ordinal } else { false } }
        guard case .offered(let offer)? = state else { throw Missing() }
        return offer
    }

    /// The pairing's outcome.
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

    /// The pairing's error; nil after a success.
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
    /// A well-formed code for the same slot with another secret.
    package func wrong() throws -> PairingCode {
        while true {
            let other = try PairingCode(slot: slot, random: SecretBytes.random(count: PairingCode.secretLength))
            if other.revealed() != revealed() { return other }
        }
    }
}
