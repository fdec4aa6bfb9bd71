import EasySetupChain
import EasySetupSeed

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

private let seed = try! SyncSeed(bytes: secret([UInt8](repeating: 5, count: 32)))
private let ring = KeyRing(name: try! CollectionName("notes"), seed: seed)
private let writer = DeviceID(value: 0x0102_0304_0506_0708)

/// Names in a listing: arbitrary ones, and those of a record that were changed, left out and repeated.
@Sendable func objectName(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    guard script.flag() else {
        let name = ring.place.prefix + String(decoding: script.remainder(), as: UTF8.self)
        guard let read = try? ObjectName(name, in: ring.place) else { return }
        return try hold(read.text(in: ring.place) == name, "a name has two forms")
    }
    let value = [UInt8](repeating: 0, count: script.number(below: 4) * 700)
    let change = Change(object: "a", operation: .set(["v": value]), knownDeletion: nil)
    let stamp = Stamp(generation: 1, time: 9, writer: writer)
    guard let plaintext = try? RecordCodec.bytes(previous: 5, content: .changes([change]), stamp: stamp, keys: ring)
    else {
        throw BrokenRule(description: "a change can't be written")
    }
    let sealed = RecordSeal.seal(
        plaintext,
        stamp: stamp,
        place: ring.place,
        key: ring.currentKey,
        nonce: [UInt8](repeating: 1, count: RecordSeal.nonceBytes)
    )
    let names = ObjectName.names(of: sealed, time: 9, writer: writer, in: ring.place)
    let limits = AssemblerLimits(keptParts: 8, variantsPerPart: 2)
    var assembler = RecordAssembler(keys: ring, limits: limits)
    for _ in 0..<min(script.number(below: 64), 40) {
        var name = Array(names[script.number(below: names.count)].utf8)
        let start = ring.place.prefix.utf8.count
        if script.number(below: 4) == 0 { name[start + script.number16() % (name.count - start)] = script.byte() }
        let entry = ObjectPage.Entry(name: String(decoding: name, as: UTF8.self), lastModified: 0)
        for stored in assembler.add([entry]) {
            try hold(stored.record.names == names, "a record was put together of others' parts")
        }
        try hold(assembler.remaining.map(\.names.count).reduce(0, +) <= 8, "more parts are kept than the limit says")
    }
}

/// Plaintexts of records: one that is taken is the same when it is written again.
@Sendable func chainRecord(_ input: [UInt8]) throws(BrokenRule) {
    let stamp = Stamp(generation: 7, time: RecordTime.greatest, writer: writer)
    guard let read = try? RecordCodec.content(of: input, stamp: stamp, place: ring.place) else { return }
    guard let again = try? RecordCodec.bytes(previous: read.previous, content: read.content, stamp: stamp, keys: ring),
        let second = try? RecordCodec.content(of: again, stamp: stamp, place: ring.place)
    else { throw BrokenRule(description: "a record that was read can't be written") }
    try hold(second.previous == read.previous && second.content == read.content, "a record changes when it is written")
    // A list may have another order, and a snapshot more stamps than it uses.
    if case .snapshot = read.content { return }
    try hold(again.count == input.count, "a record has two forms")
}

/// The contents of certificates, signed whatever they are, and certificates that nobody signed.
@Sendable func certificate(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let isSigned = script.flag()
    let content = script.remainder()
    let bytes = isSigned ? Certificate.signed(content, seed: seed) : content
    guard let read = try? Certificate(bytes: bytes, of: seed.userID) else { return }
    try hold(isSigned, "a certificate that nobody signed is taken")
    try hold((try? Certificate(text: read.text, of: seed.userID)) == read, "a certificate has two texts")
    try hold(1...Certificate.rightLimit ~= read.rights.count, "a certificate has more rights than the limit says")
}

/// Memberships, arbitrary ones and a genuine one that was changed.
@Sendable func membership(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let bytes = script.flag() ? Tampering(&script)(genuine) : script.remainder()
    guard let read = try? Membership(secret(bytes)) else { return }
    let again = read.encoded()
    let isSame = (try? Membership(again)).map { $0.certificate == read.certificate && $0.rights == read.rights }
    try hold(isSame == true, "a membership changes when it is written")
    try hold(read.certificate.signingKey == read.deviceKeys.signingKey, "a membership has another device's certificate")
}

private let genuine: [UInt8] = member.encoded().withUnsafeBytes { Array($0) }

private let member: Membership = {
    let device = DeviceKeys(secret: secret([UInt8](repeating: 6, count: 32)))!
    return try! Membership(device: writer, deviceKeys: device, collections: [ring.name: true], seed: seed)
}()

// MARK: - Requests

/// A content and a signature, as the messages of signed things have them.
private func signed(_ content: [UInt8], _ signature: [UInt8]) -> [UInt8] {
    [0x0A] + lv(content) + [0x12] + lv(signature)
}

private let requestObject = CollectionRequest.object(writer, ring.name)
private let genuineRequest = CollectionRequest.bytes(
    ring.name,
    mayWrite: true,
    reason: "a reason",
    time: 1_764_446_400_000,
    by: member
)

/// Requests of a device: contents that it signed, whatever they are, a genuine request that was changed, and any bytes.
@Sendable func collectionRequest(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let kind = script.number(below: 3)
    let bytes: [UInt8]
    switch kind {
    case 0:
        let content = script.remainder()
        bytes =
            signed(content, member.deviceKeys.signature(ChainLabel.request, content))
            + [0x1A] + lv(member.certificate.bytes)
    case 1: bytes = Tampering(&script)(genuineRequest)
    default: bytes = script.remainder()
    }
    guard let read = CollectionRequest(object: requestObject, bytes, of: seed.userID) else { return }
    try hold(read.device == writer && read.collection == ring.name, "a request stands for another one")
    try hold(read.reason.utf8.count <= CollectionRequest.reasonBytes, "a reason is too long")
    try hold(1...RecordTime.greatest ~= read.time, "a request has no time")
    if kind == 0 { return }
    let original = CollectionRequest(object: requestObject, genuineRequest, of: seed.userID)
    try hold(
        read.reason == original?.reason && read.time == original?.time && read.mayWrite == original?.mayWrite,
        "a request that its device did not sign is taken"
    )
}

/// Answers to a request: contents that the seed's key signed, whatever they are, a genuine answer that was changed, and any
/// bytes.
@Sendable func decline(_ input: [UInt8]) throws(BrokenRule) {
    guard let request = CollectionRequest(object: requestObject, genuineRequest, of: seed.userID) else {
        throw BrokenRule(description: "the genuine request can't be read")
    }
    var script = Script(input)
    let genuine = request.decline(seed)
    switch script.number(below: 3) {
    case 0:
        let content = script.remainder()
        let signature = seed.chainSignature(for: ChainLabel.signed(ChainLabel.decline, content))
        guard request.isDeclined(by: signed(content, signature)) else { return }
        let own = [0x0A] + lv(writer.bytes) + [0x12] + lv(Array(ring.name.text.utf8))
        try hold(content.starts(with: own), "an answer for another device or collection is taken")
    case 1:
        let changed = Tampering(&script)(genuine)
        guard request.isDeclined(by: changed) else { return }
        try hold(changed.starts(with: genuine), "an answer that nobody signed is taken")
    default:
        let bytes = script.remainder()
        guard request.isDeclined(by: bytes) else { return }
        try hold(bytes.starts(with: genuine), "an answer that nobody signed is taken")
    }
}

private let genuineGrant: [UInt8] = {
    let held = Membership.held(by: member.certificate, [ring.name: true], [:], seed)
    let entropy = ChainEntropy { secret([UInt8](repeating: 9, count: $0)) }
    return try! Grant.bytes(member.certificate, held, seed: seed, entropy: entropy)
}()

/// Grants: contents that the seed's key signed, whatever they are, boxes of any content, a genuine grant that was changed, and
/// any bytes. A device that takes one has the rights of its certificate and no others.
@Sendable func grant(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let kind = script.number(below: 4)
    let bytes: [UInt8]
    switch kind {
    case 0, 1:
        var content = script.remainder()
        if kind == 1,
            let box = SealedBox.seal(secret(content), to: member.certificate.boxKey, ephemeral: .random(count: 32))
        {
            content = [0x0A] + lv(member.certificate.bytes) + [0x12] + lv(box)
        }
        bytes = signed(content, seed.chainSignature(for: ChainLabel.signed(ChainLabel.grant, content)))
    case 2: bytes = Tampering(&script)(genuineGrant)
    default: bytes = script.remainder()
    }
    guard let read = Grant(bytes, of: seed.userID) else { return }
    try hold(kind < 2 || bytes.starts(with: genuineGrant), "a grant that nobody signed is taken")
    guard let after = try? read.membership(after: member) else { return }
    try hold(after.certificate == read.certificate && after.device == member.device, "a grant is for another device")
    try hold(
        Set(after.collections.map(\.id)) == Set(read.certificate.rights.map(\.collection)),
        "a membership has other collections than its certificate"
    )
    let again = (try? Membership(after.encoded())).map { $0.certificate == after.certificate }
    try hold(again == true, "a membership can't be read again")
}
