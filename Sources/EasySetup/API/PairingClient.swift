import EasySetupChain
public import EasySetupHandshake
public import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
public import Logging
import Synchronization

/// The entry point for apps: a client that adds a device by a short code.
///
/// ```swift
/// let store = FileSeedStore(folder: folder)
/// let client = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: store)
/// let relay = try RelayAddress(url: address)
///
/// // One device shows the code. It asks its user before it gives its seed, or keeps the other device's.
/// let offering = client.offer(
///     at: relay,
///     approve: { await ask($0.peer) ? .approve : .decline },
///     accept: { await ask($0.peer) ? .accept : .decline }
/// )
/// for await state in offering {
///     switch state {
///     case .offered(let offer): show(code: offer.code.revealed(), until: offer.deadline)
///     case .paired: finish()
///     case .failed(let error): explain(error.description, error.advice)
///     default: break
///     }
/// }
/// ```
///
/// The device whose store holds a seed sends it, and the device whose store is empty receives it. Either of the two
/// devices can show the code. Without `accept`, a device that shows the code and has no seed stores the seed of anybody
/// who reads that code. An app that only ever receives never gives a seed away, so it uses ``offer(at:accept:)`` and
/// ``join(_:at:)``, which have no `approve`.
public struct PairingClient: Sendable {
    /// The version of this library, by semantic versioning (`CHANGELOG.md`).
    public static var version: String { Release.version }

    private let name: DeviceName
    private let platform: Platform
    private let store: any SeedStore
    private let system: ClientSystem
    private let limits: ClientLimits
    private let entropy: Entropy
    private let tries = TriesByCode()
    private let logger: Logger

    /// - Parameters:
    ///   - name: the person's name for this device, which the other device shows.
    ///   - platform: the kind of system that this device runs.
    ///   - store: the place where this device keeps its seed.
    ///   - roots: the certificate authorities that are trusted for a relay.
    ///   - proxies: the HTTP proxy to use; by default the environment's variables choose it.
    ///   - limits: the client's timeouts and maximum counts, each with a default.
    ///   - logger: receives entries at the levels debug and trace, with names of states, frames and errors, but not
    ///     their contents. The default logger drops all entries.
    public init(
        name: DeviceName,
        platform: Platform = .current,
        store: any SeedStore,
        roots: TrustedRoots = .system,
        proxies: ProxySettings = .environment,
        limits: ClientLimits = ClientLimits(),
        logger: Logger = Logger(label: "easysetup.client") { _ in SwiftLogNoOpLogHandler() }
    ) {
        let system = ClientSystem(network: RelayNetwork(roots: roots, proxies: proxies))
        self.init(name: name, platform: platform, store: store, limits: limits, system: system, logger: logger)
    }

    /// Makes a client with another network and clock than the system's.
    package init(
        name: DeviceName,
        platform: Platform,
        store: any SeedStore,
        limits: ClientLimits,
        system: ClientSystem,
        logger: Logger
    ) {
        self.logger = logger
        self.name = name
        self.platform = platform
        self.store = store
        self.system = system
        self.limits = limits
        entropy = .system
    }

    /// Asks the user of a device that holds a seed before the device sends it.
    ///
    /// The pairing shows ``PairingState/deciding(_:deadline:)`` and then calls the closure, in a task of its own, once for
    /// each question: again only after a wrong or an empty word, with another ``ApprovalRequest/attempt`` or
    /// ``ApprovalRequest/mistake``. The call waits through ``PairingState/peerAway(deadline:)`` and
    /// ``PairingState/reconnecting(deadline:)``, and an answer that the user gives meanwhile counts. If the question needs no
    /// answer any more, because a user stopped or the time is over, the pairing cancels the closure's task and ignores
    /// what the closure returns. The closure should return then, and take the question off the screen.
    public typealias Approve = @Sendable (ApprovalRequest) async -> Approval
    /// Asks the user of a device without a seed before the device stores the seed that it received.
    ///
    /// The pairing shows ``PairingState/accepting(_:)`` and then calls the closure once, in a task of its own. The call waits
    /// and ends as that of ``Approve`` does.
    public typealias Accept = @Sendable (AcceptanceRequest) async -> Acceptance

    /// Shows a code, and pairs with the device on which the user types the code. The device gives the seed that its
    /// store holds, or receives one if the store is empty.
    ///
    /// - Parameters:
    ///   - relay: the relay at which the two devices meet.
    ///   - gift: what a device with a seed gives: the seed, or a membership of some collections. With a membership, the
    ///     pairing of a device that has no seed fails with ``PairingError/Code/noSeedToGive`` before this device sends
    ///     anything.
    ///   - approve: asks the user of a device that holds a seed before the device sends it. The default answer is no.
    ///   - accept: asks the user of a device without a seed before the device stores the seed that it received. If it
    ///     is nil, the device stores the seed without a question, so anybody who reads the code from the screen decides
    ///     which sync chain the device joins.
    /// - Returns: the pairing's states. Stop iterating, or cancel the iterating task, to stop the pairing on both
    ///   devices.
    public func offer(
        at relay: RelayAddress,
        giving gift: Gift = .seed,
        approve: @escaping Approve,
        accept: Accept? = nil
    ) -> Pairing {
        showCode(at: relay, giving: gift, approve: approve, accept: accept)
    }

    /// Shows a code on a device that has no seed and only ever receives one.
    ///
    /// If the store holds a seed nevertheless, the pairing fails with ``PairingError/Code/nobodyToAsk`` before this
    /// device sends anything, because the app passed no closure that asks whether to give the seed.
    ///
    /// - Parameters:
    ///   - relay: the relay at which the two devices meet.
    ///   - accept: asks the user before the device stores the seed that it received. If it is nil, the device stores
    ///     the seed without a question, so anybody who reads the code from the screen decides which sync chain the
    ///     device joins.
    /// - Returns: the pairing's states, as for ``offer(at:giving:approve:accept:)``.
    public func offer(at relay: RelayAddress, accept: Accept?) -> Pairing {
        showCode(at: relay, giving: .seed, approve: nil, accept: accept)
    }

    private func showCode(at relay: RelayAddress, giving gift: Gift, approve: Approve?, accept: Accept?) -> Pairing {
        Pairing(on: system.executor) { [self] show, inbox in
            do throws(StoreError) {
                let part = try await part(giving: gift)
                guard let part else { return show(.failed(.noSeedToGive)) }
                guard part.role == .receiver || approve != nil else { return show(.failed(.nobodyToAsk(.holder))) }
                let session = OfferSession(
                    relay: relay,
                    name: name,
                    platform: platform,
                    part: part,
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

    /// Pairs with a device that shows a code. A call uses up one of the code's three tries if this device sends its
    /// proof. This device gives the seed that its store holds, or receives one if the store is empty.
    ///
    /// - Parameters:
    ///   - code: the code that the user typed.
    ///   - relay: the relay at which the two devices meet.
    ///   - gift: what a device with a seed gives, as for ``offer(at:giving:approve:accept:)``.
    ///   - approve: asks the user of a device that holds a seed before the device sends it. The answer must contain a
    ///     word from the other screen.
    /// - Returns: the pairing's states, as for ``offer(at:giving:approve:accept:)``.
    public func join(
        _ code: PairingCode,
        at relay: RelayAddress,
        giving gift: Gift = .seed,
        approve: @escaping Approve
    ) -> Pairing {
        visit(.code(code), at: relay, giving: gift, approve: approve)
    }

    /// Pairs with a device that shows a code, on a device that has no seed and only ever receives one. A call uses up
    /// one of the code's three tries if this device sends its proof.
    ///
    /// If the store holds a seed nevertheless, the pairing fails with ``PairingError/Code/nobodyToAsk`` before this
    /// device sends anything, because the app passed no closure that asks whether to give the seed. This failure uses
    /// up no try.
    ///
    /// - Parameters:
    ///   - code: the code that the user typed.
    ///   - relay: the relay at which the two devices meet.
    /// - Returns: the pairing's states, as for ``offer(at:giving:approve:accept:)``.
    public func join(_ code: PairingCode, at relay: RelayAddress) -> Pairing {
        visit(.code(code), at: relay, giving: .seed, approve: nil)
    }

    /// Pairs with a device that shows a QR code. This device can only receive a seed, never send one.
    ///
    /// The app must ask the user first about a link from outside the app (a web page, a message), because this device's
    /// data becomes readable for all devices that share the link's seed.
    public func join(_ link: PairingLink) -> Pairing {
        visit(.link(link), at: link.relay, giving: .seed, approve: nil)
    }

    private func visit(
        _ invitation: Invitation,
        at relay: RelayAddress,
        giving gift: Gift,
        approve: Approve?
    ) -> Pairing {
        Pairing(on: system.executor) { [self] show, inbox in
            do throws(StoreError) {
                let part = try await part(giving: gift)
                guard let part else { return show(.failed(.noSeedToGive)) }
                // A device that holds a seed can use a typed code only if the app passed `approve`, which asks the
                // user. It can't use a link at all: the session itself then fails with the error `linkDirection`.
                if case .code = invitation, part.role == .holder, approve == nil {
                    return show(.failed(.nobodyToAsk(.holder)))
                }
                let isAllowed = tries.counts.withLock {
                    $0.take(invitation.slot, now: system.now, limits: limits)
                }
                guard isAllowed else { return show(.failed(.triesSpent)) }
                do throws(PairingError) {
                    let session = try VisitSession.make(
                        invitation,
                        name: name,
                        platform: platform,
                        part: part,
                        entropy: entropy,
                        limits: limits,
                        now: system.now
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

    /// This device's part, by what its store holds; nil if it is to give a membership and has no seed. A device that is
    /// about to receive checks that its store can save, because otherwise the other device might send its seed for
    /// nothing.
    /// - Throws: also ``StoreError/otherSeedStored(stored:new:)`` if the membership is one of another chain than the seed.
    private func part(giving gift: Gift) async throws(StoreError) -> PairingPart? {
        switch (try await store.access(), gift) {
        case (.seed(let seed)?, .membership) where gift.userID != seed.userID:
            throw .otherSeedStored(stored: seed.userID, new: gift.userID ?? seed.userID)
        case (.seed(let seed)?, _): return .holder(seed, gives: gift)
        case (_, .membership): return nil
        case (.membership(let membership)?, .seed):
            try await store.check()
            return .receiver(has: membership)
        case (nil, .seed):
            try await store.check()
            return .receiver(has: nil)
        }
    }

    private func driver(
        _ relay: RelayAddress,
        _ approve: Approve?,
        _ accept: Accept?,
        _ show: @escaping @Sendable (PairingState) -> Void,
        _ inbox: Inbox
    ) -> SessionDriver {
        SessionDriver(
            relay: relay,
            system: system,
            limits: limits,
            store: store,
            approve: approve ?? { _ in .nobodyToAsk },
            accept: accept,
            show: show,
            inbox: inbox,
            logger: logger
        )
    }
}

/// How many tries of each code are used up. All copies of a client share these numbers.
private final class TriesByCode: Sendable {
    let counts = Mutex(Tries())
}
