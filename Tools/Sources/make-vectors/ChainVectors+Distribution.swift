import EasySetupChain
import EasySetupSeed

/// Who gets a new key, and under which one; the word of a device that leaves; and the objects of collections in which every
/// device writes (`Protocol/chain.md`).
extension ChainInputs {
    private typealias Change = (generation: UInt32, under: UInt32, devices: [UInt64])

    private struct Case {
        let about: String
        var certificates: [Certificate] = []
        var removed: [UInt64] = []
        var changes: [Change] = []
        var unopened: [(device: UInt64, generation: UInt32, held: UInt32)] = []
    }

    private var seconds: UInt64 { time / 1_000 }

    private func certificate(
        _ number: UInt64,
        generation: UInt32 = 1,
        notAfter: UInt64 = 0,
        serial: UInt64 = 1,
        _ collection: CollectionName? = nil
    ) throws -> Certificate {
        let keys = try Self.device(0x60 + UInt8(number))
        return try Certificate(
            device: DeviceID(value: number),
            signingKey: keys.signingKey,
            boxKey: keys.boxKey,
            collections: [collection ?? name: true],
            generations: [collection ?? name: generation],
            notAfter: notAfter,
            serial: serial,
            seed: seed
        )
    }

    private func cases() throws -> [Case] {
        let (one, two) = (try certificate(1), try certificate(2))
        return [
            Case(about: "no device"),
            Case(about: "the first generation alone", certificates: [one, two]),
            Case(
                about: "a right elsewhere, and one that has ended",
                certificates: [
                    one, try certificate(2, CollectionName("other")), try certificate(3, notAfter: seconds - 1),
                    try certificate(4, notAfter: seconds),
                ]
            ),
            Case(about: "a removed device", certificates: [one, two], removed: [2], changes: [(7, 1, [1])]),
            Case(about: "left out of one change", certificates: [one, two], changes: [(7, 1, [1])]),
            Case(
                about: "left out once, with a box under a generation that the device lacks",
                certificates: [one, two],
                changes: [(7, 1, [1]), (9, 7, [1, 2])]
            ),
            Case(
                about: "two records of one generation",
                certificates: [one, two],
                changes: [(7, 1, [1]), (9, 7, [1]), (9, 1, [2])]
            ),
            Case(
                about: "a certificate that was made under a later generation",
                certificates: [one, try certificate(2, generation: 7)],
                changes: [(7, 1, [1]), (9, 7, [1, 2])]
            ),
            Case(
                about: "two certificates of a device",
                certificates: [one, try certificate(1, generation: 9, serial: 2)],
                changes: [(7, 1, []), (9, 7, []), (12, 9, [1])]
            ),
            Case(
                about: "a box that does not open",
                certificates: [one, two],
                changes: [(7, 1, [1, 2]), (9, 7, [1, 2])],
                unopened: [(1, 7, 1)]
            ),
            Case(
                about: "a box that does not open, and three of its generation",
                certificates: [one],
                changes: [(7, 1, [1]), (7, 2, [1]), (7, 3, [1])],
                unopened: [(1, 7, 1)]
            ),
            Case(
                about: "a device that says it has what it can't have",
                certificates: [one],
                changes: [(7, 1, []), (9, 1, [1])],
                unopened: [(1, 9, 7)]
            ),
        ]
    }

    func distributions() throws -> JSON {
        let collection = CollectionID(of: name, seed: seed)
        return .array(
            try cases().map { given in
                let removed = given.removed.map { DeviceID(value: $0) }
                let unopened = given.unopened.map { box in
                    (
                        DeviceID(value: box.device),
                        [UnopenedBox(collection: collection, generation: box.generation, held: box.held)]
                    )
                }
                let distribution = KeyDistribution(
                    of: collection,
                    certificates: given.certificates.filter { !removed.contains($0.device) },
                    changes: given.changes.enumerated().map { number, change in
                        CollectionReader.SeenKeyChange(
                            stamp: Stamp(generation: change.under, time: time + UInt64(number), writer: writer),
                            generation: change.generation,
                            devices: Set(change.devices.map { DeviceID(value: $0) })
                        )
                    },
                    unopened: Dictionary(uniqueKeysWithValues: unopened),
                    at: seconds
                )
                return .object([
                    ("about", .string(given.about)),
                    ("certificates", .array(given.certificates.map { .hex($0.bytes) })),
                    ("removed", .array(removed.map { .hex($0.bytes) })),
                    (
                        "changes",
                        .array(
                            given.changes.map { change in
                                .object([
                                    ("generation", .integer(Int(change.generation))),
                                    ("under", .integer(Int(change.under))),
                                    ("devices", .array(change.devices.map { .hex(DeviceID(value: $0).bytes) })),
                                ])
                            }
                        )
                    ),
                    (
                        "unopened",
                        .array(
                            given.unopened.map { box in
                                .object([
                                    ("device", .hex(DeviceID(value: box.device).bytes)),
                                    ("generation", .integer(Int(box.generation))), ("held", .integer(Int(box.held))),
                                ])
                            }
                        )
                    ),
                    ("seconds", .integer(Int(seconds))),
                    ("next", groups(distribution.all)),
                    ("left_out", groups(distribution.leftOut)),
                ])
            }
        )
    }

    private func groups(_ groups: [UInt32: [DeviceID: [UInt8]]]) -> JSON {
        .array(
            groups.sorted { $0.key < $1.key }.map { under, devices in
                .object([
                    ("under", .integer(Int(under))),
                    (
                        "devices",
                        .array(
                            devices.sorted { $0.key < $1.key }.map { device, key in
                                .object([("device", .hex(device.bytes)), ("box_key", .hex(key))])
                            }
                        )
                    ),
                ])
            }
        )
    }

    /// The word of a device that leaves.
    func leave() throws -> JSON {
        let membership = try Membership(device: writer, deviceKeys: stays, collections: [name: true], seed: seed)
        let content = seed.userID.bytes + writer.bytes
        let refused: [(String, [UInt8])] = [
            ("nothing", []), ("cut", Array(LeaveStatement.bytes(by: membership).dropLast())),
            ("of another device's key", try Self.device(0x80).signature(ChainLabel.leave, content)),
            (
                "over another device's id",
                stays.signature(ChainLabel.leave, seed.userID.bytes + DeviceID(value: 1).bytes)
            ),
            ("signed for another use", stays.signature(ChainLabel.request, content)),
            ("over the id alone", stays.signature(ChainLabel.leave, writer.bytes)),
        ]
        return .object([
            ("certificate", .hex(membership.certificate.bytes)),
            ("leave", .hex(LeaveStatement.bytes(by: membership))),
            (
                "refused",
                .array(
                    refused.map { .object([("about", .string($0.0)), ("bytes", .hex($0.1))]) }
                )
            ),
        ])
    }

    /// Objects in collections in which every device writes, and whether a reader takes them.
    func reservedObjects() -> JSON {
        let id = writer.text
        let cases: [(CollectionName, String)] = [
            (.devices, id), (.devices, id + "A"), (.devices, String(id.dropLast())), (.devices, "device:" + id),
            (.devices, ""), (.requests, "request:\(id):notes"), (.requests, "decline:\(id):notes"),
            (.requests, "grant:\(id)"), (.requests, "grant:\(id):notes"), (.requests, "request:\(id)"),
            (.requests, "request:\(id):easysetup/devices"), (.requests, "request:\(id):Notes"),
            (.requests, "request:\(id):notes:"), (.requests, "request:x:notes"), (.requests, "other:\(id):notes"),
            (.requests, id), (.collections, "other"),
        ]
        return .array(
            cases.map { name, object in
                .object([
                    ("collection", .string(name.text)), ("object", .string(object)),
                    ("is_taken", .boolean(name.takes(object))),
                ])
            }
        )
    }
}
