import CEasySetup
import EasySetup

/// A state as C code sees it.
final class StateView: Sendable {
    let kind: Int32
    let name: CText
    let sentence: CText
    let advice: CText
    let key: CText
    let parameters: Parameters
    let looksAtOther: Bool
    let parts: Parts
    /// The number of the handle of the state's error; nil if the state has none. This handle and the one of the rights are
    /// lent as long as this object lives.
    let error: UInt?

    /// The parts that only some states have.
    struct Parts: Sendable {
        var code: CText?
        var link: CText?
        var number: Int32 = 0
        var deadline: ContinuousClock.Instant?
        var peer: PeerView?
        /// The confirmation words; empty where this device must not show them.
        var words: [CText] = []
        var fingerprint: CText?
        var role: CText?
        /// The number of the handle of the rights that are given; nil in a state without them.
        var scope: UInt?
    }

    init(_ state: PairingState) {
        let explanation = state.explanation
        kind = Self.kinds[state.code] ?? 0
        name = CText(state.code.rawValue)
        sentence = CText(explanation.filled(explanation.sentence))
        advice = CText(explanation.filled(explanation.advice))
        key = CText(explanation.key)
        parameters = Parameters(explanation)
        looksAtOther = state.lookAt == .otherDevice
        parts = Parts(state)
        error =
            switch state {
            case .failed(let error), .retrying(let error): Handles.lend(ErrorView(error))
            default: nil
            }
    }

    deinit {
        if let error { Handles.withdraw(error) }
        if let scope = parts.scope { Handles.withdraw(scope) }
    }

    private static let kinds: [PairingState.Code: Int32] = [
        .connecting: Int32(EASYSETUP_STATE_CONNECTING), .retrying: Int32(EASYSETUP_STATE_RETRYING),
        .offered: Int32(EASYSETUP_STATE_OFFERED), .wrongProof: Int32(EASYSETUP_STATE_WRONG_PROOF),
        .codeKnown: Int32(EASYSETUP_STATE_CODE_KNOWN), .inLine: Int32(EASYSETUP_STATE_IN_LINE),
        .greeting: Int32(EASYSETUP_STATE_GREETING), .deciding: Int32(EASYSETUP_STATE_DECIDING),
        .waiting: Int32(EASYSETUP_STATE_WAITING), .accepting: Int32(EASYSETUP_STATE_ACCEPTING),
        .given: Int32(EASYSETUP_STATE_GIVEN), .peerAway: Int32(EASYSETUP_STATE_PEER_AWAY),
        .reconnecting: Int32(EASYSETUP_STATE_RECONNECTING), .paired: Int32(EASYSETUP_STATE_PAIRED),
        .failed: Int32(EASYSETUP_STATE_FAILED), .relayMessage: Int32(EASYSETUP_STATE_RELAY_MESSAGE),
    ]
}

extension StateView.Parts {
    fileprivate init(_ state: PairingState) {
        switch state {
        case .offered(let offer):
            code = CText(offer.code.revealed())
            link = offer.link.map { CText($0.revealed()) }
            number = Int32(clamping: offer.ordinal)
            deadline = offer.deadline
        case .wrongProof(let count): number = Int32(clamping: count)
        case .inLine(let position): number = Int32(clamping: position)
        case .deciding(let peer, let deadline):
            // Without the words, because the user of a giving device may have to read them on the other screen.
            self.peer = PeerView(peer)
            self.deadline = deadline
        case .waiting(let peer, let deadline), .given(let peer, let deadline):
            self.peer = PeerView(peer)
            self.deadline = deadline
            words = peer.words.texts
        case .accepting(let request):
            peer = PeerView(request.peer)
            deadline = request.deadline
            words = request.peer.words.texts
            fingerprint = CText(request.userID.fingerprint)
            scope = Handles.lend(ScopeView(request.scope))
        case .peerAway(let deadline), .reconnecting(let deadline): self.deadline = deadline
        case .paired(let paired):
            peer = PeerView(paired.peer)
            words = paired.peer.words.texts
            fingerprint = CText(paired.userID.fingerprint)
            role = CText(paired.role.rawValue)
            scope = Handles.lend(ScopeView(paired.scope))
        default: break
        }
    }
}
