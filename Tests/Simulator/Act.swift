package import EasySetupChain
import EasySetupHandshake
package import EasySetupPairingSession
import EasySetupRelayProtocol

/// One action of a user on one device (showing or entering a code): its session, and what the user saw of it.
package final class Act {
    package enum Outcome: Equatable, Sendable {
        case paired
        case failed(PairingError)
    }

    let session: EitherSession
    /// The code or link that the user entered, as text; nil for an offer.
    let invitation: String?
    let slot: String?
    package let start: Duration
    package internal(set) var end: Duration?
    package internal(set) var outcome: Outcome?
    package internal(set) var stored: ChainAccess?
    /// How many codes the device has shown in this act.
    package internal(set) var codes = 0
    /// How many wrong proofs the device has told its user of.
    package internal(set) var wrongProofs = 0
    /// Whether the visitor has sent a proof, which uses up its try.
    package internal(set) var isSpent = false
    /// How many messages of the relay's operator the device has shown in this act.
    var messages = 0
    /// Whether the device has a token with which it can come back to the relay.
    var hasToken = false
    /// The meeting that has the seat, as the relay says to the offerer.
    var seat: MeetingID?
    /// The confirmation words on the screen.
    var words: ConfirmationWords?
    /// When the device sent the seed; nil when it has not.
    package internal(set) var givenAt: Duration?
    /// Whether a holder has asked its user to approve a device.
    var isQuestioned = false
    /// Whether a receiver asks its user before it stores a seed. `wasAsked` says whether it has asked, and
    /// `hasAccepted` whether the user agreed.
    var asksFirst = false
    var wasAsked = false
    var hasAccepted = false
    /// How long the device took to store seeds in this act.
    var storing: Duration = .zero

    /// - Parameters:
    ///   - invitation: the code or link that the user entered; nil for an offer.
    ///   - slot: the slot of the invitation; nil for an offer.
    init(_ session: EitherSession, invitation: String? = nil, slot: String? = nil, start: Duration) {
        self.session = session
        self.invitation = invitation
        self.slot = slot
        self.start = start
    }

    /// The longest time that an act may take, by the limits: the time of its codes and their connections, of a seat,
    /// and of the last frames.
    func longest(_ limits: ClientLimits) -> Duration {
        let arrival = limits.connectTimeout + limits.answerTimeout + limits.workTimeout
        let transfer = limits.seatedLifetime + limits.receiptTimeout + limits.linger + limits.farewell
        // An offerer without a code tries to reach its relay for as long as a code would live, so each of its codes
        // counts twice. The last five seconds are for a device's clock that is slower than the world's.
        let codes = invitation == nil ? limits.codeLifetime * 2 * Bounds.codesPerAct : limits.codeLifetime
        return codes + arrival * Bounds.codesPerAct + transfer + .seconds(5)
    }
}
