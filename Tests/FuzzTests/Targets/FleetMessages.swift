import EasySetupFleetStore
import EasySetupRelayCore

@testable import EasySetupFleet

/// A content that is read is written and read as the same, within the limits. A run that hears it, twice and changed,
/// keeps its trunks in order, and what it says fits into messages. A message that nobody sealed is not opened.
@Sendable func fleetMessage(_ input: [UInt8]) throws(BrokenRule) {
    var opener = EnvelopeOpener(run: RunID(number: 2), keys: fleetKeys)
    try hold((try? opener.open(input, on: .all)) == nil, "a message is opened that nobody sealed")
    guard let content = try? ContentCodec.read(input) else { return }
    let bytes = ContentCodec.bytes(of: content)
    try hold(bytes.count <= input.count, "a content grows")
    try hold((try? ContentCodec.read(bytes)) == content, "a content changes when it is written")

    var sealer = EnvelopeSealer(run: RunID(number: 1), keys: fleetKeys)
    let sealed = sealer.seal(content, for: .run(RunID(number: 2)))
    let opened = try? opener.open(sealed, on: .run(RunID(number: 2)))
    try hold(opened?.content == content, "a sealed content is not opened")
    try hold((try? opener.open(sealed, on: .run(RunID(number: 2)))) == nil, "a message is opened twice")

    var trunks = Trunks { ConnectionID(number: $0) }
    var known: Set<ConnectionID> = []
    for hearing in 1...2 {
        for effect in trunks.heard(content, from: RunID(number: 1), now: .seconds(hearing)) {
            switch effect {
            case .opened(let far, _, _): try hold(known.insert(far).inserted, "a connection is opened twice")
            case .said(let far, _): try hold(known.contains(far), "a connection that is not there says something")
            case .gone(let far): try hold(known.remove(far) != nil, "a connection goes twice")
            case .told, .closed, .notHere, .broken: try hold(false, "a run that opened no trunk has a device")
            }
        }
        try hold(trunks.farCount == known.count, "connections are counted wrong")
    }
    for message in trunks.takeMessages(now: .seconds(3)) {
        let bytes = ContentCodec.bytes(of: message.content)
        try hold(bytes.count <= EnvelopeLimits.contentBytes, "a content is too long")
        try hold((try? ContentCodec.read(bytes)) == message.content, "what a run says can't be read")
    }
}

private let fleetKeys: FleetKeys = {
    guard let keys = try? FleetKeys(current: [UInt8](repeating: 7, count: 32)) else { fatalError("a key is too short") }
    return keys
}()
