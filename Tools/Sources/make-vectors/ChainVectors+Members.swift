import EasySetupChain
import EasySetupSeed

extension ChainInputs {
    func device() -> JSON {
        .object([
            ("secret", .hex([UInt8](repeating: 0x40, count: 32))),
            ("signing_key", .hex(stays.signingKey)),
            ("box_key", .hex(stays.boxKey)),
        ])
    }

    func refused(_ cases: [(String, [UInt8], String)]) -> JSON {
        .array(
            cases.map { about, bytes, error in
                .object([("about", .string(about)), ("bytes", .hex(bytes)), ("error", .string(error))])
            }
        )
    }

    func made() throws -> Certificate {
        try Certificate(
            device: writer,
            signingKey: stays.signingKey,
            boxKey: stays.boxKey,
            collections: [name: false],
            notAfter: 1_800_000_000,
            seed: seed
        )
    }

    func content(
        user: [UInt8]? = nil,
        device: [UInt8]? = nil,
        signing: [UInt8]? = nil,
        box: [UInt8]? = nil,
        rights: [[UInt8]]? = nil,
        more: [UInt8] = []
    ) -> [UInt8] {
        field(1, user ?? seed.userID.bytes) + field(2, device ?? writer.bytes) + field(3, signing ?? stays.signingKey)
            + field(4, box ?? stays.boxKey)
            + (rights ?? [field(1, place.collection.bytes)]).flatMap { field(5, $0) } + more
    }

    func certificate() throws -> JSON {
        let made = try made()
        let signedAs = { (label: String) -> [UInt8] in
            let content = content()
            return field(1, content) + field(2, seed.chainSignature(for: ChainLabel.signed(label, content)))
        }
        let right = field(1, place.collection.bytes)
        var changed = made.bytes
        changed[40] ^= 1
        let cases: [(String, [UInt8], String)] = [
            ("nothing", [], "certificate-not-signed"),
            ("no protocol buffer", [0xFF], "certificate-unreadable"),
            ("4,097 bytes", [UInt8](repeating: 0, count: 4_097), "certificate-unreadable"),
            ("another bit of the content", changed, "certificate-not-signed"),
            ("signed for another use", signedAs(ChainLabel.keyChange), "certificate-not-signed"),
            (
                "signed without a label", field(1, content()) + field(2, try seed.signature(for: content())),
                "certificate-not-signed"
            ),
            (
                "signed by the device",
                field(1, content()) + field(2, stays.signature(ChainLabel.certificate, content())),
                "certificate-not-signed"
            ),
            (
                "another user id", Certificate.signed(content(user: stays.signingKey), seed: seed),
                "certificate-not-signed"
            ),
            (
                "a device id of 7 bytes", Certificate.signed(content(device: [1, 2, 3, 4, 5, 6, 7]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a signing key of 31 bytes",
                Certificate.signed(content(signing: Array(stays.signingKey.dropLast())), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a box key of 33 bytes", Certificate.signed(content(box: stays.boxKey + [0]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a field of the content twice",
                Certificate.signed(content(more: field(1, seed.userID.bytes)), seed: seed), "certificate-unreadable"
            ),
            (
                "fields in another order",
                Array(signedAs(ChainLabel.certificate).suffix(66)) + field(1, content()), "certificate-unreadable"
            ),
            ("no right", Certificate.signed(content(rights: []), seed: seed), "certificate-unreadable"),
            (
                "a collection twice", Certificate.signed(content(rights: [right, right]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a collection id of 11 bytes",
                Certificate.signed(content(rights: [field(1, [UInt8](repeating: 1, count: 11))]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "129 rights",
                Certificate.signed(
                    content(rights: (0..<129).map { field(1, [UInt8](repeating: $0, count: 12)) }),
                    seed: seed
                ),
                "certificate-unreadable"
            ),
        ]
        return .object([
            ("device", .hex(made.device.bytes)),
            ("not_after", .integer(Int(made.notAfter))),
            (
                "rights",
                .array(
                    made.rights.map {
                        .object([("collection", .hex($0.collection.bytes)), ("may_write", .boolean($0.mayWrite))])
                    }
                )
            ),
            ("bytes", .hex(made.bytes)),
            ("text", .string(made.text)),
            ("unknown_field", .hex(Certificate.signed(content(more: field(15, 1)), seed: seed))),
            ("refused", refused(cases)),
        ])
    }

    static let ephemeral = [UInt8](repeating: 0x77, count: 32)

    func madeKeyChange() throws -> KeyChange {
        try KeyChange(
            of: name,
            generation: 2,
            devices: [writer: stays.boxKey],
            seed: seed,
            entropy: ChainEntropy { _ in SecretBytes(copying: Self.ephemeral.span.bytes) }
        )
    }

    /// The signature of a content for a record of this stamp.
    func signature(_ label: String, _ content: [UInt8], _ stamp: Stamp) -> [UInt8] {
        seed.chainSignature(for: ChainLabel.signed(label, stamp, content))
    }

    func json(_ stamp: Stamp) -> JSON {
        .object([
            ("generation", .integer(Int(stamp.generation))), ("time", .integer(Int(stamp.time))),
            ("writer", .hex(stamp.writer.bytes)),
        ])
    }

    func keyChange() throws -> JSON {
        let change = try madeKeyChange()
        let stamp = stamp(time)
        let removed = try KeyChange(
            of: name,
            generation: 2,
            devices: [:],
            removed: [writer, DeviceID(value: 1)],
            seed: seed,
            entropy: ChainEntropy { _ in SecretBytes(copying: Self.ephemeral.span.bytes) }
        )
        let box = change.boxes[writer] ?? []
        let entry = field(1, writer.bytes) + field(2, box)
        func content(_ collection: [UInt8]? = nil, _ generation: UInt64 = 2, boxes: [[UInt8]]) -> [UInt8] {
            field(1, collection ?? place.collection.bytes) + field(2, generation) + boxes.flatMap { field(3, $0) }
        }
        func signed(
            _ content: [UInt8],
            _ label: String = ChainLabel.keyChange,
            for record: Stamp? = nil
        ) -> [UInt8] {
            field(1, content) + field(2, signature(label, content, record ?? stamp))
        }
        let cases: [(String, [UInt8], String)] = [
            ("signed for another use", signed(change.content, ChainLabel.snapshot), "malformed"),
            ("signed for a record of another time", signed(change.content, for: self.stamp(time + 1)), "malformed"),
            (
                "signed for a record of another writer",
                signed(change.content, for: Stamp(generation: 1, time: time, writer: DeviceID(value: 1))), "malformed"
            ),
            (
                "signed for a record of another generation",
                signed(change.content, for: Stamp(generation: 2, time: time, writer: writer)), "malformed"
            ),
            (
                "signed for no record",
                field(1, change.content)
                    + field(2, seed.chainSignature(for: ChainLabel.signed(ChainLabel.keyChange, change.content))),
                "malformed"
            ),
            ("fields in another order", signed(field(2, 2) + field(1, place.collection.bytes)), "malformed"),
            ("the generation twice", signed(field(1, place.collection.bytes) + field(2, 2) + field(2, 2)), "malformed"),
            ("an unknown field before the others", signed(field(15, 1) + content(boxes: [entry])), "malformed"),
            ("an unknown field beside the content", signed(change.content) + field(15, 1), "newer"),
            (
                "signed by a device",
                field(1, change.content) + field(2, stays.signature(ChainLabel.keyChange, change.content)), "malformed"
            ),
            ("of another collection", signed(content([UInt8](repeating: 1, count: 12), boxes: [entry])), "malformed"),
            ("generation 1", signed(content(nil, 1, boxes: [entry])), "malformed"),
            ("a device twice", signed(content(boxes: [entry, entry])), "malformed"),
            (
                "a box of 79 bytes", signed(content(boxes: [field(1, writer.bytes) + field(2, Array(box.dropLast()))])),
                "malformed"
            ),
            (
                "a device id of 9 bytes", signed(content(boxes: [field(1, writer.bytes + [0]) + field(2, box)])),
                "malformed"
            ),
            (
                "a removed device twice",
                signed(content(boxes: [entry]) + field(4, writer.bytes) + field(4, writer.bytes)),
                "malformed"
            ),
            (
                "a removed device of 7 bytes",
                signed(content(boxes: [entry]) + field(4, Array(writer.bytes.dropLast()))), "malformed"
            ),
        ]
        return .object([
            ("generation", 2),
            ("device", .hex(writer.bytes)),
            ("ephemeral", .hex(Self.ephemeral)),
            ("stamp", json(stamp)),
            (
                "key",
                .hex(CollectionKey(of: name, generation: 2, seed: seed).withBytes { array(SecretBytes(copying: $0)) })
            ),
            ("box", .hex(box)),
            ("content", .hex(change.content)),
            ("signature", .hex(signature(ChainLabel.keyChange, change.content, stamp))),
            ("unknown_field", .hex(signed(content(boxes: [entry]) + field(15, 1)))),
            ("removed", .array(removed.removed.sorted().map { .hex($0.bytes) })),
            ("content_removed", .hex(removed.content)),
            ("signature_removed", .hex(signature(ChainLabel.keyChange, removed.content, stamp))),
            ("box_of_removed", .hex(signed(content(boxes: [entry]) + field(4, writer.bytes)))),
            ("refused", refused(cases)),
        ])
    }

    var madeEarlierKeys: EarlierKeys {
        EarlierKeys(of: name, generation: 3_000_000, earlier: [1, 2, 70_000], seed: seed)
    }

    /// The keys of the generations before one, in a record of it.
    func earlierKeys() -> JSON {
        let earlier = madeEarlierKeys
        let stamp = Stamp(generation: earlier.generation, time: time, writer: writer)
        func entry(_ generation: UInt64, count: Int = 32) -> [UInt8] {
            field(3, field(1, generation) + field(2, [UInt8](repeating: 1, count: count)))
        }
        func content(_ entries: [UInt8]..., collection: [UInt8]? = nil, generation: UInt64 = 3_000_000) -> [UInt8] {
            field(1, collection ?? place.collection.bytes) + field(2, generation) + entries.flatMap(\.self)
        }
        func signed(
            _ content: [UInt8],
            _ label: String = ChainLabel.earlierKeys,
            for record: Stamp? = nil
        ) -> [UInt8] {
            field(1, content) + field(2, signature(label, content, record ?? stamp))
        }
        let good = content(entry(1))
        let cases: [(String, [UInt8], String)] = [
            ("signed for another use", signed(good, ChainLabel.keyChange), "malformed"),
            (
                "signed by a device", field(1, good) + field(2, stays.signature(ChainLabel.earlierKeys, good)),
                "malformed"
            ),
            (
                "of another collection", signed(content(entry(1), collection: [UInt8](repeating: 1, count: 12))),
                "malformed"
            ),
            ("of another generation", signed(content(entry(1), generation: 3_000_001)), "malformed"),
            (
                "signed for a record of another time",
                signed(good, for: Stamp(generation: stamp.generation, time: time + 1, writer: writer)), "malformed"
            ),
            (
                "signed for a record of another writer",
                signed(good, for: Stamp(generation: stamp.generation, time: time, writer: DeviceID(value: 1))),
                "malformed"
            ),
            (
                "signed for no record",
                field(1, good) + field(2, seed.chainSignature(for: ChainLabel.signed(ChainLabel.earlierKeys, good))),
                "malformed"
            ),
            (
                "fields in another order", signed(field(2, 3_000_000) + field(1, place.collection.bytes) + entry(1)),
                "malformed"
            ),
            ("no key", signed(content()), "malformed"),
            ("a generation twice", signed(content(entry(1), entry(1))), "malformed"),
            ("the generations in another order", signed(content(entry(2), entry(1))), "malformed"),
            ("generation 0", signed(content(entry(0))), "malformed"),
            ("the record's own generation", signed(content(entry(3_000_000))), "malformed"),
            ("a key of 31 bytes", signed(content(entry(1, count: 31))), "malformed"),
            ("an unknown field beside the content", signed(good) + field(15, 1), "newer"),
        ]
        return .object([
            ("generation", .integer(Int(earlier.generation))),
            ("stamp", json(stamp)),
            ("earlier", .array(earlier.generations.map { .integer(Int($0)) })),
            ("content", .hex(array(earlier.content))),
            ("signature", .hex(signature(ChainLabel.earlierKeys, array(earlier.content), stamp))),
            ("refused", refused(cases)),
        ])
    }

    /// A device that reads a collection asks to write to it, and is granted that and declined.
    func request() throws -> JSON {
        let old = try Membership(
            device: writer,
            deviceKeys: stays,
            collections: [name: false],
            serial: time,
            seed: seed
        )
        let reason = "to tick off what is done"
        let bytes = CollectionRequest.bytes(name, mayWrite: true, reason: reason, time: time, by: old)
        let object = CollectionRequest.object(writer, name)
        guard let request = CollectionRequest(object: object, bytes, of: seed.userID) else { fatalError("a request") }
        let generations: [CollectionName: Set<UInt32>] = [name: [3]]
        let certificate = try Certificate(
            device: writer,
            signingKey: stays.signingKey,
            boxKey: stays.boxKey,
            collections: [name: true],
            generations: [name: 3],
            notAfter: 0,
            serial: time + 1,
            seed: seed
        )
        let ephemeral = (0..<32).map { UInt8($0 + 0x60) }
        let grant = try Grant.bytes(
            certificate,
            Membership.held(by: certificate, [name: true], generations, seed),
            seed: seed,
            entropy: ChainEntropy { _ in SecretBytes(copying: ephemeral.span.bytes) }
        )
        guard let read = Grant(grant, of: seed.userID) else { fatalError("a grant") }
        let content = text(1, name.text) + field(2, 1) + field(4, time)
        func signed(_ content: [UInt8], _ keys: DeviceKeys, _ certificate: Certificate) -> [UInt8] {
            field(1, content) + field(2, keys.signature(ChainLabel.request, content)) + field(3, certificate.bytes)
        }
        let other = try Self.device(0x80)
        let requests: [(String, [UInt8], String)] = [
            ("nothing", [], ""), ("cut", Array(bytes.dropLast()), ""),
            ("signed by another device", signed(content, other, old.certificate), ""),
            (
                "signed for another use",
                field(1, content) + field(2, stays.signature(ChainLabel.certificate, content))
                    + field(3, old.certificate.bytes), ""
            ),
            ("without a certificate", field(1, content) + field(2, stays.signature(ChainLabel.request, content)), ""),
            ("for another collection", signed(text(1, "other") + field(4, time), stays, old.certificate), ""),
            (
                "for a reserved collection",
                signed(text(1, "easysetup/devices") + field(4, time), stays, old.certificate), ""
            ),
            ("of time 0", signed(text(1, name.text), stays, old.certificate), ""),
            (
                "a reason of 201 bytes",
                signed(content + text(3, String(repeating: "a", count: 201)), stays, old.certificate), ""
            ),
        ]
        let inner = field(1, certificate.bytes) + field(2, [1])
        let grants: [(String, [UInt8], String)] = [
            ("nothing", [], ""), ("cut", Array(grant.dropLast()), ""),
            ("signed by a device", field(1, inner) + field(2, stays.signature(ChainLabel.grant, inner)), ""),
            (
                "signed for another use",
                field(1, inner) + field(2, seed.chainSignature(for: ChainLabel.signed(ChainLabel.decline, inner))), ""
            ),
        ]
        return .object([
            ("object", .string(object)),
            ("may_write", true),
            ("reason", .string(reason)),
            ("time", .integer(Int(time))),
            ("before", .hex(array(old.encoded()))),
            ("request", .hex(bytes)),
            ("decline", .hex(request.decline(seed))),
            ("serial", .integer(Int(certificate.serial))),
            ("certificate", .hex(certificate.bytes)),
            ("ephemeral", .hex(ephemeral)),
            ("grant", .hex(grant)),
            ("membership", .hex(array(try read.membership(after: old).encoded()))),
            ("refused_requests", refused(requests)),
            ("refused_grants", refused(grants)),
        ])
    }

    func membership() throws -> JSON {
        let membership = try Membership(
            device: writer,
            deviceKeys: stays,
            collections: [name: true],
            generations: [name: [1, 2]],
            seed: seed
        )
        let bytes = array(membership.encoded())
        let certificate = field(2, membership.certificate.bytes)
        let secret = field(1, [UInt8](repeating: 0x40, count: 32))
        func held(_ name: CollectionName, _ keys: [(UInt64, Int)] = [(1, 32)], id: [UInt8]? = nil) -> [UInt8] {
            field(
                3,
                field(1, id ?? CollectionID(of: name, seed: seed).bytes) + text(2, name.text)
                    + keys.flatMap { field(3, field(1, $0) + field(2, [UInt8](repeating: 1, count: $1))) }
            )
        }
        let all = held(.devices) + held(.requests)
        let cases: [(String, [UInt8], String)] = [
            ("nothing", [], "membership-unreadable"),
            ("cut", Array(bytes.dropLast()), "membership-unreadable"),
            (
                "another device's secret",
                field(1, [UInt8](repeating: 0x80, count: 32)) + certificate + all + held(name), "certificate-not-signed"
            ),
            (
                "a secret of 31 bytes", field(1, [UInt8](repeating: 0x40, count: 31)) + certificate + all + held(name),
                "membership-unreadable"
            ),
            ("no certificate", secret + all + held(name), "membership-unreadable"),
            ("a collection of the certificate is missing", secret + certificate + all, "membership-unreadable"),
            ("a collection twice", secret + certificate + all + held(name) + held(name), "membership-unreadable"),
            (
                "a collection that the certificate lacks", secret + certificate + all + held(name) + held(.collections),
                "membership-unreadable"
            ),
            ("a collection without keys", secret + certificate + all + held(name, []), "membership-unreadable"),
            ("a key of generation 0", secret + certificate + all + held(name, [(0, 32)]), "membership-unreadable"),
            (
                "a generation twice", secret + certificate + all + held(name, [(1, 32), (1, 32)]),
                "membership-unreadable"
            ),
            ("a key of 31 bytes", secret + certificate + all + held(name, [(1, 31)]), "membership-unreadable"),
        ]
        return .object([
            ("generations", 2),
            ("bytes", .hex(bytes)),
            ("refused", refused(cases)),
        ])
    }
}
