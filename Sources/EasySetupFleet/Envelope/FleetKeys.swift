internal import Crypto
package import EasySetupFleetStore
package import EasySetupRelayCore
package import EasySetupRelayProtocol

/// The keys with which relays of a fleet seal what they say to each other: those of the file that also makes the tokens
/// (`Protocol/fleet.md`, "Keys"). A relay seals with the current key and opens with all.
package struct FleetKeys: Sendable {
    let current: FleetKey
    private let others: [FleetKey]

    /// The error that a key has fewer bytes than ``byteCount``.
    package struct KeyTooShort: Error, Hashable, Sendable {}

    /// The least length of a key, in bytes.
    package static let byteCount = 32

    package init(current: [UInt8], others: [[UInt8]] = []) throws(KeyTooShort) {
        self.current = try FleetKey(current)
        var keys: [FleetKey] = []
        for other in others { keys.append(try FleetKey(other)) }
        self.others = keys
    }

    /// The names of a room in the directory, by each key: a room is registered under the first, and looked for under all of
    /// them in turn, because other relays may have another first key for a while. Whoever types a code knows no offer.
    package func names(of slot: Slot, _ offer: OfferID?) -> [RoomName] {
        ([current] + others).map { $0.name(of: slot, offer) }
    }

    /// The names of a long-polling session in the directory, by each key. A session is registered as a room is.
    package func names(of session: LongPollConnectionID) -> [SessionName] {
        ([current] + others).map { $0.name(of: session) }
    }

    func key(id: some Collection<UInt8>) -> FleetKey? {
        current.id.elementsEqual(id) ? current : others.first { $0.id.elementsEqual(id) }
    }
}

/// The name of a long-polling session in the directory, and the id under which it is registered there in place of an
/// offer's.
package struct SessionName: Hashable, Sendable {
    package let room: RoomName
    package let registered: [UInt8]
}

/// One key of a relay, from which each run has a key of its own.
struct FleetKey: Sendable {
    static let idByteCount = 4

    /// The key's public id, the one that stands in tokens.
    let id: [UInt8]
    private let root: SymmetricKey
    /// The MAC of nothing yet, whose beginning is the same for all names.
    private let directory: HMAC<SHA256>

    init(_ bytes: [UInt8]) throws(FleetKeys.KeyTooShort) {
        guard bytes.count >= FleetKeys.byteCount else { throw FleetKeys.KeyTooShort() }
        root = SymmetricKey(data: bytes)
        directory = HMAC(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: root,
                info: Array("EasySetup relay v1 directory".utf8),
                outputByteCount: 32
            )
        )
        id = HMAC<SHA256>.authenticationCode(for: Array("EasySetup relay v1 key id".utf8), using: root)
            .prefix(Self.idByteCount).map { $0 }
    }

    private func mac(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var mac = directory
        mac.update(data: [kind] + bytes)
        return unsafe mac.finalize().withUnsafeBytes { unsafe Array($0) }
    }

    func name(of session: LongPollConnectionID) -> SessionName {
        let mac = mac(3, session.bytes)
        return SessionName(room: RoomName(slot: mac, offer: mac), registered: Array(mac.suffix(16)))
    }

    func name(of slot: Slot, _ offer: OfferID?) -> RoomName {
        RoomName(
            slot: mac(1, Array(slot.symbols.utf8)),
            offer: offer.map { mac(2, $0.bytes) } ?? [UInt8](repeating: 0, count: RoomName.byteCount)
        )
    }

    /// The key with which this run seals.
    func key(of run: RunID) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: root,
            info: Array("EasySetup relay v1 fleet".utf8) + run.bytes,
            outputByteCount: 32
        )
    }
}

extension FleetKeys: CustomStringConvertible, CustomReflectable {
    package var description: String { "FleetKeys" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension FleetKey: CustomStringConvertible, CustomReflectable {
    var description: String { "FleetKey" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
