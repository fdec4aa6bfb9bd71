extension Reason {
    /// A number that this version does not know is ``unspecified``: a later peer may give reasons of its own.
    init(wire: Easysetup_Relay_V1_Reason) {
        self.init(wireNumber: wire.rawValue)
    }

    init(wireNumber: Int) {
        self = Self.byNumber[wireNumber] ?? .unspecified
    }

    var wireNumber: UInt32 { UInt32(wire.rawValue) }

    // Derived, so that a reason has its number in one place.
    private static let byNumber = Dictionary(uniqueKeysWithValues: allCases.map { ($0.wire.rawValue, $0) })

    var wire: Easysetup_Relay_V1_Reason {
        switch self {
        case .unspecified: .unspecified
        case .done: .done
        case .cancelled: .cancelled
        case .wrongProof: .wrongProof
        case .codeBurnt: .codeBurnt
        case .malformed: .malformed
        case .wrongSuite: .wrongSuite
        case .fault: .fault
        case .noSuchCode: .noSuchCode
        case .seated: .seated
        case .expired: .expired
        case .lineFull: .lineFull
        case .relayFull: .relayFull
        case .tooMany: .tooMany
        case .badFrame: .badFrame
        case .badOrder: .badOrder
        case .mailboxFull: .mailboxFull
        case .badToken: .badToken
        case .meetingOver: .meetingOver
        case .elsewhere: .elsewhere
        case .tooSlow: .tooSlow
        case .draining: .draining
        case .relayForgot: .relayForgot
        case .badWork: .badWork
        }
    }
}
