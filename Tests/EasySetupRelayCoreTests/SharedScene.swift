import EasySetupRelayCore
import EasySetupRelayProtocol

/// A relay among others. The test answers in the place of the directory and of the other relays.
extension Scene {
    static func shared(
        _ limits: Limits = Limits(),
        _ sharing: SharingLimits = SharingLimits(),
        run: UInt8 = 1
    ) -> Scene {
        var scene = Scene(limits, surroundings: .amongOthers(run: [UInt8](repeating: run, count: 8), sharing))
        scene.happen { $0.joined(hasKept: true, &$1) }
        scene.answerClaims()
        return scene
    }

    /// The same with a room of offerer "B".
    static func sharedOffered(_ limits: Limits = Limits(), _ sharing: SharingLimits = SharingLimits()) -> Scene {
        var scene = shared(limits, sharing)
        scene.come("B", .offer(slotLength: 0, work: nil))
        scene.answerClaims()
        return scene
    }

    /// The same with visitor "A" in a meeting.
    static func sharedMet(_ limits: Limits = Limits(), _ sharing: SharingLimits = SharingLimits()) -> Scene {
        var scene = sharedOffered(limits, sharing)
        scene.visit("A", 1)
        return scene
    }

    var wishes: [DirectoryQuestion.Wish] { questions.map(\.wish) }

    /// Answers all open questions of this kind.
    @discardableResult
    mutating func answer(
        _ answer: DirectoryAnswer,
        where isMeant: (DirectoryQuestion) -> Bool = { $0.asker != .stock }
    ) -> [Action] {
        let meant = questions.filter(isMeant)
        questions.removeAll(where: isMeant)
        return meant.flatMap { question in happen { $0.answered(question, answer, &$1) } }
    }

    /// Gives the relay every slot that it claims.
    mutating func answerClaims(_ answer: DirectoryAnswer = .mine(hasSlot: true)) {
        self.answer(answer) { $0.asker == .stock }
    }

    @discardableResult
    mutating func find(_ name: String, _ outcome: SoughtOutcome) -> [Action] {
        happen { $0.sought(ConnectionID(name), outcome, &$1) }
    }

    @discardableResult
    mutating func attachB(
        _ name: String,
        _ attempt: UInt32,
        _ held: [MeetingResume] = [],
        isFar: Bool = false
    ) -> [Action] {
        let frame = DeviceFrame.attachOfferer(token: tokens["B"]!, held: held, attempt: attempt)
        return isFar ? comeFar(name, frame) : come(name, frame)
    }

    @discardableResult
    mutating func attachA(
        _ name: String,
        _ attempt: UInt32,
        received: UInt32 = 0,
        isFar: Bool = false
    ) -> [Action] {
        let frame = DeviceFrame.attachVisitor(token: tokens["A"]!, acked: 0, received: received, attempt: attempt)
        return isFar ? comeFar(name, from: Self.address(1), frame) : come(name, from: Self.address(1), frame)
    }

    /// The id of B's offer.
    var offer: OfferID { try! TokenClaims(checking: tokens["B"]!, keys: Self.keys).offer }

    static let comeAgain = RelayFrame.goodbye(retryAfter: .milliseconds(300))
    static let elsewhere = RelayFrame.refused(.elsewhere, retryAfter: .zero)
}
