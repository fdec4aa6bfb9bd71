import CEasySetup
import EasySetup

/// A question to this device's user, as C code sees it.
final class QuestionView: Sendable {
    let id: UInt64
    let kind: Int32
    let peer: PeerView
    /// The confirmation words; empty where the user must read them on the other device.
    let words: [CText]
    let needsWord: Bool
    let attempt: Int32
    let mistake: Int32
    let fingerprint: CText?
    /// The number of the handle of the rights that are given, which is lent as long as this object lives.
    let scope: UInt
    let codeAge: Duration
    let deadline: ContinuousClock.Instant

    init(_ id: UInt64, _ request: ApprovalRequest) {
        self.id = id
        kind = Int32(EASYSETUP_QUESTION_APPROVAL)
        peer = PeerView(request.peer)
        words = request.needsWord ? [] : request.peer.words.texts
        needsWord = request.needsWord
        attempt = Int32(clamping: request.attempt)
        mistake =
            switch request.mistake {
            case .nothing: Int32(EASYSETUP_MISTAKE_NOTHING)
            case .slip: Int32(EASYSETUP_MISTAKE_SLIP)
            case .other: Int32(EASYSETUP_MISTAKE_OTHER)
            default: Int32(EASYSETUP_MISTAKE_NONE)
            }
        fingerprint = nil
        scope = Handles.lend(ScopeView(request.scope))
        codeAge = request.codeAge
        deadline = request.deadline
    }

    init(_ id: UInt64, _ request: AcceptanceRequest) {
        self.id = id
        kind = Int32(EASYSETUP_QUESTION_ACCEPTANCE)
        peer = PeerView(request.peer)
        words = request.peer.words.texts
        needsWord = false
        attempt = 0
        mistake = Int32(EASYSETUP_MISTAKE_NONE)
        fingerprint = CText(request.userID.fingerprint)
        scope = Handles.lend(ScopeView(request.scope))
        codeAge = request.codeAge
        deadline = request.deadline
    }

    deinit { Handles.withdraw(scope) }
}
