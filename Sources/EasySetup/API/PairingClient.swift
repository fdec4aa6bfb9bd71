public import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
public import Logging
import Synchronization

/// Adds a device by a short code: what an app links.
///
/// ```swift
/// let store = FileSeedStore(folder: folder)
/// let client = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: store)
/// let relay = try RelayAddress(url: address)
///
/// // One device shows the code. The one with the seed asks its user before it gives it.
/// for await state in client.offer(at: relay, approve: { await ask($0.peer) ? .approve : .decline }) {
///     switch state {
///     case .offered(let offer): show(code: offer.code.revealed(), until: offer.deadline)
///     case .paired: finish()
///     case .failed(let error): explain(error.description, error.advice)
///     default: break
///     }
/// }
/// ```
///
/// A device whose store holds a seed gives it; one whose store is empty receives. Which of the two shows the code is free. An app
/// that receives with a code that it shows asks its user first: hand in `accept` too.
public struct PairingClient: Sendable {
    /// The version of this library, by semantic versioning (`CHANGELOG.md`).
    public static var version: String { Release.version }

    private let name: DeviceName
    private let platform: Platform
    private let store: any SeedStore
    private let roots: TrustedRoots
    private let proxies: ProxySettings
    private let limits: ClientLimits
    private let entropy: Entropy
    private let tries = TriesByCode()
    private let logger: Logger

    /// - Parameters:
    ///   - name: what the person calls this device; the other screen shows it.
    ///   - platform: what kind of system it is.
    ///   - store: where the seed is, or will be.
    ///   - roots: who may speak for a relay.
    ///   - proxies: which proxy to go through; by default what the environment says, as it does for most programs.
    ///   - limits: every limit, each with a default.
    ///   - logger: hears what happens at the levels debug and trace: names of states, frames and errors, nothing of what they
    ///     carry. Silent by default.
    public init(
        name: DeviceName,
        platform: Platform = .current,
        store: any SeedStore,
        roots: TrustedRoots = .system,
        proxies: ProxySettings = .environment,
        limits: ClientLimits = ClientLimits(),
        logger: Logger = Logger(label: "easysetup.client") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.logger = logger
        self.name = name
        self.platform = platform
        self.store = store
        self.roots = roots
        self.proxies = proxies
        self.limits = limits
        entropy = .system
    }

    /// Shows a code, and pairs with the device that types it.
    ///
    /// - Parameters:
    ///   - relay: where the two devices meet.
    ///   - approve: asks the user before a seed goes anywhere; called for a device that holds one. The default is no.
    ///   - accept: asks the user before a seed is kept; called for a device that holds none, when a seed has come from the device
    ///     that typed the code. Nil stores it unasked: then whoever reads the code from the screen decides whose chain this
    ///     device joins.
    /// - Returns: the pairing's states; stop iterating, or cancel the task that does, to stop the pairing on both sides.
    public func offer(
        at relay: RelayAddress,
        approve: @escaping @Sendable (ApprovalRequest) async -> Approval,
        accept: (@Sendable (AcceptanceRequest) async -> Acceptance)? = nil
    ) -> Pairing {
        Pairing { [self] show, inbox in
            do throws(StoreError) {
                let seed = try await load()
                let session = OfferSession(
                    relay: relay,
                    name: name,
                    platform: platform,
                    seed: seed,
                    asksFirst: accept != nil,
                    entropy: entropy,
                    limits: limits
                )
                await driver(relay, approve, accept, show, inbox).run(session)
            } catch {
                show(.failed(.store(error)))
            }
        }
    }

    /// Goes to the device that shows a code. Each call is one try; three for one code.
    ///
    /// - Parameters:
    ///   - code: what the user typed.
    ///   - relay: where the two devices meet.
    ///   - approve: asks the user before a seed goes anywhere; called for a device that holds one, and wants a word from
    ///     the other screen.
    /// - Returns: as ``offer(at:approve:accept:)``.
    public func join(
        _ code: PairingCode,
        at relay: RelayAddress,
        approve: @escaping @Sendable (ApprovalRequest) async -> Approval
    ) -> Pairing {
        visit(.code(code), at: relay, approve: approve)
    }

    /// Goes to the device that shows a QR code. It makes this device receive, never give.
    ///
    /// A link that came from outside the app (a page, a message) is to be confirmed by the user first: what is on this
    /// device becomes readable for the chain that the link belongs to.
    public func join(_ link: PairingLink) -> Pairing {
        visit(.link(link), at: link.relay) { _ in .decline }
    }

    private func visit(
        _ invitation: Invitation,
        at relay: RelayAddress,
        approve: @escaping @Sendable (ApprovalRequest) async -> Approval
    ) -> Pairing {
        Pairing { [self] show, inbox in
            do throws(StoreError) {
                let seed = try await load()
                let isAllowed = tries.counts.withLock {
                    $0.take(invitation.slot, now: ContinuousClock.now.moment, limits: limits)
                }
                guard isAllowed else { return show(.failed(.triesSpent)) }
                do throws(PairingError) {
                    let session = try VisitSession.make(
                        invitation,
                        name: name,
                        platform: platform,
                        seed: seed,
                        entropy: entropy,
                        limits: limits,
                        now: ContinuousClock.now.moment
                    )
                    let isTrySpent = await driver(relay, approve, nil, show, inbox).run(session).isTrySpent
                    if !isTrySpent { tries.counts.withLock { $0.giveBack(invitation.slot) } }
                } catch {
                    tries.counts.withLock { $0.giveBack(invitation.slot) }
                    show(.failed(error))
                }
            } catch {
                show(.failed(.store(error)))
            }
        }
    }

    /// The stored seed. A device without one is about to receive one, so its store is tried first: found out later, the seed
    /// would have been sent for nothing.
    private func load() async throws(StoreError) -> SyncSeed? {
        let seed = try await store.load()
        if seed == nil { try await store.check() }
        return seed
    }

    private func driver(
        _ relay: RelayAddress,
        _ approve: @escaping @Sendable (ApprovalRequest) async -> Approval,
        _ accept: (@Sendable (AcceptanceRequest) async -> Acceptance)?,
        _ show: @escaping @Sendable (PairingState) -> Void,
        _ inbox: Inbox
    ) -> SessionDriver {
        SessionDriver(
            relay: relay,
            roots: roots,
            proxies: proxies,
            limits: limits,
            store: store,
            approve: approve,
            accept: accept,
            show: show,
            inbox: inbox,
            logger: logger
        )
    }
}

/// One count for all copies of a client.
private final class TriesByCode: Sendable {
    let counts = Mutex(Tries())
}
