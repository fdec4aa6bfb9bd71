import Crypto
import EasySetupRelayProtocol
import SeededRandom

@testable import EasySetupRelayCore

private let keys = try! TokenKeys(current: [UInt8](repeating: 7, count: 32), others: [[UInt8](repeating: 8, count: 32)])

/// A random token, or a genuine one that was changed.
@Sendable func token(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    guard script.flag() else {
        let token = Token(bytes: script.remainder())
        guard let claims = try? TokenClaims(checking: token, keys: keys) else { return }
        return try hold(claims.token(keys: keys) == token, "a token that nobody made is taken")
    }
    let symbols = (0..<3 + script.number(below: 4)).map { _ in Slot.alphabet[script.number(below: 32)] }
    let meeting = script.flag() ? MeetingID([1] + script.exactly(15)) : nil
    guard let slot = Slot(String(decoding: symbols, as: UTF8.self)), let offer = OfferID(script.exactly(16)) else {
        throw BrokenRule(description: "a slot of slots' symbols is none")
    }
    let deadline = script.exactly(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    let claims = TokenClaims(slot: slot, offer: offer, meeting: meeting, deadline: deadline)
    let made = claims.token(keys: keys)
    let changed = Token(bytes: Tampering(&script)(made.bytes))
    let read = try? TokenClaims(checking: changed, keys: keys)
    try hold(read == (changed == made ? claims : nil), "a token says what it should not")
}

/// An answer to another relay's challenge, a changed challenge, an answer with too little work; and a valid answer,
/// which counts once.
@Sendable func work(_ input: [UInt8]) throws(BrokenRule) {
    var limits = Limits()
    limits.difficulty = 2...2
    var gate = WorkGate(limits: limits, keys: keys, started: .zero)
    var entropy = SplitMix(state: 1)
    guard let prefix = AddressPrefix(bytes: [192, 0, 2, 1]),
        case .workWanted(let challenge, let difficulty, _) = gate.challenge(
            .visit,
            prefix: prefix,
            excess: .init(common: 1),
            now: .zero,
            entropy: &entropy
        )
    else { throw BrokenRule(description: "no challenge") }
    var script = Script(input)
    let now = Duration.milliseconds(script.number16())
    let work = Work(challenge: Tampering(&script)(challenge), answer: script.exactly(WireLimits.answerBytes))
    let digest = Array(SHA256.hash(data: work.challenge + work.answer))
    let isGood = work.challenge == challenge && now <= limits.workLifetime && digest[0] >> (8 - difficulty) == 0
    let verdict = gate.check(work, for: .visit, prefix: prefix, now: now)
    try hold(verdict == (isGood ? .done(difficulty: difficulty) : .bad), "work is judged wrongly")
    try hold(gate.check(work, for: .visit, prefix: prefix, now: now) == .bad, "work counts twice")
    try hold(gate.check(work, for: .offer, prefix: prefix, now: now) == .bad, "work for a visit counts for an offer")
}
