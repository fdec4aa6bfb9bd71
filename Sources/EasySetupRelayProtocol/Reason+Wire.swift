extension Reason {
    /// The reason with this number. An unknown number gives ``unspecified``, because a later version may have more
    /// reasons.
    init(wire: Easysetup_Relay_V1_Reason) {
        self.init(wireNumber: wire.rawValue)
    }

    init(wireNumber: Int) {
        self = Self.byNumber[wireNumber] ?? .unspecified
    }

    var wireNumber: UInt32 { UInt32(wire.rawValue) }

    // The table is computed from `wire`, so that the source contains the number of each reason only once.
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
