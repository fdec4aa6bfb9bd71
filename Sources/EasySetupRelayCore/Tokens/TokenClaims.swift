package import EasySetupRelayProtocol

/// The 16 random bytes that identify a room for as long as any of the room's tokens is valid. The slot does not
/// identify it for so long, because the relay may give the slot to another room sooner.
package struct OfferID: Hashable, Sendable {
    package static let byteCount = 16
    private let value: Bytes16

    /// Nil when there are not exactly 16 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard let value = Bytes16(bytes) else { return nil }
        self.value = value
    }

    init(drawnFrom entropy: inout some RandomNumberGenerator) {
        value = Bytes16(drawnFrom: &entropy)
    }

    /// Half of the bytes is enough for the hash, because only a relay draws these ids: nobody else can make many that
    /// have a half in common.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(value.half)
    }

    package var bytes: [UInt8] { value.bytes }

    func append(to bytes: inout [UInt8]) {
        value.append(to: &bytes)
    }
}

/// The content of a token: which device may come back, and to which room and meeting (`Protocol/relay.md`, "Tokens").
package struct TokenClaims: Hashable, Sendable {
    package enum Role: UInt8, Hashable, Sendable {
        case offerer = 1
        case visitor = 2
    }

    package var slot: Slot
    package var offer: OfferID
    /// The visitor's meeting; nil in an offerer's token.
    package var meeting: MeetingID?
    /// When the code expires, in seconds since 1970 UTC. The meeting of a seated (proved) visitor may last up to
    /// ``Limits/seatedLifetime`` longer.
    package var deadline: Int64

    package var role: Role { meeting == nil ? .offerer : .visitor }

    package init(slot: Slot, offer: OfferID, meeting: MeetingID?, deadline: Int64) {
        self.slot = slot
        self.offer = offer
        self.meeting = meeting
        self.deadline = deadline
    }
}

/// Why the relay refuses a token, by which a device comes back to its room.
package enum TokenError: Error, Hashable, Sendable {
    /// The relay does not have the key with which the device's token was made, or no longer accepts that key for the
    /// token's deadline. The device gets ``Reason/relayForgot``.
    case unknownKey
    /// The token's length, version, MAC or content is wrong. The device gets ``Reason/badToken``.
    case invalid
}

/// The layout of a token, 85 bytes: version (1), key id (4), role (1), slot length (1), slot (6, padded with zeros),
/// offer id (16), meeting id (16, zeros for an offerer), deadline (8, big-endian), MAC (32) over all bytes before it.
extension TokenClaims {
    package static let byteCount = 85
    private static let version: UInt8 = 1
    private static let macByteCount = 32
    private static let slotByteCount = 6
    private static let noMeeting = [UInt8](repeating: 0, count: MeetingID.byteCount)

    /// The token with these claims, made with the current key.
    package func token(keys: TokenKeys) -> Token {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(Self.version)
        bytes += keys.current.id
        bytes.append(role.rawValue)
        bytes.append(UInt8(slot.symbols.utf8.count))
        bytes += slot.symbols.utf8
        for _ in slot.symbols.utf8.count..<Self.slotByteCount { bytes.append(0) }
        offer.append(to: &bytes)
        if let meeting { meeting.append(to: &bytes) } else { bytes += Self.noMeeting }
        for shift in stride(from: Int64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: deadline >> shift))
        }
        keys.current.appendTokenMAC(to: &bytes)
        return Token(bytes: bytes)
    }

    /// Parses a token and checks its MAC. Before the MAC is checked, only the version and the key id are used.
    package init(checking token: Token, keys: TokenKeys) throws(TokenError) {
        guard token.bytes.count == Self.byteCount, token.bytes[0] == Self.version else { throw .invalid }
        let signed = Array(token.bytes.dropLast(Self.macByteCount))
        let fields = signed.dropFirst()
        guard let (key, latestDeadline) = keys.key(id: Array(fields.prefix(TokenKey.idByteCount))) else {
            throw .unknownKey
        }
        guard key.isTokenMAC(Array(token.bytes.suffix(Self.macByteCount)), of: signed) else { throw .invalid }

        let roleAt = 1 + TokenKey.idByteCount
        let slotAt = roleAt + 2
        let offerAt = slotAt + Self.slotByteCount
        let meetingAt = offerAt + OfferID.byteCount
        let deadlineAt = meetingAt + MeetingID.byteCount
        // The MAC is valid, so only a defect of this relay could have made these fields wrong. The relay refuses such a
        // token all the same.
        guard let role = Role(rawValue: signed[roleAt]),
            Slot.lengths.contains(Int(signed[roleAt + 1])),
            let slot = Slot(
                String(decoding: signed[slotAt..<slotAt + Int(signed[roleAt + 1])], as: UTF8.self)
            ),
            let offer = OfferID(Array(signed[offerAt..<meetingAt])),
            let meeting = MeetingID(Array(signed[meetingAt..<deadlineAt])),
            (meeting.bytes == Self.noMeeting) == (role == .offerer)
        else { throw .invalid }
        let deadline = signed[deadlineAt...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(
            slot: slot,
            offer: offer,
            meeting: role == .visitor ? meeting : nil,
            deadline: Int64(bitPattern: deadline)
        )
        // This key was replaced, and this token's deadline is later than that of any token that the relay made with the
        // key. So somebody else may have made the token with a stolen key.
        if let latestDeadline, self.deadline > latestDeadline { throw .unknownKey }
    }
}

extension RandomNumberGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            bytes += next().bigEndianBytes.prefix(count - bytes.count)
        }
        return bytes
    }
}
