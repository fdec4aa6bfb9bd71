import EasySetupChain
import EasySetupSeed
import Testing

@testable import EasySetupHandshake

@Suite("What is given in a pairing") struct GiftTests {
    static let seed = SyncSeed.random()

    static func names(_ count: Int, bytes: Int) throws -> [CollectionName: Bool] {
        let names = try (0..<count).map { number in
            let digits = "\(number)"
            return try CollectionName(digits + String(repeating: "x", count: bytes - digits.utf8.count))
        }
        return Dictionary(uniqueKeysWithValues: names.map { ($0, false) })
    }

    @Test(
        "A meeting passes a membership, whichever device shows the code",
        arguments: [(Role.holder, Form.typed), (.holder, .link), (.receiver, .typed)]
    )
    func passes(offererRole: Role, form: Form) throws {
        let visitorRole: Role = offererRole == .holder ? .receiver : .holder
        var pair = try Pair.make(offererRole: offererRole, visitorRole: visitorRole, form: form)
        _ = try pair.meet()
        let given = try GivenMembership(
            collections: [CollectionName("notes"): true, CollectionName("bookmarks"): false],
            notAfter: 4_102_444_799,
            of: Self.seed
        )
        let received =
            offererRole == .holder
            ? try pair.visitor.receive(pair.offerer.give(given), number: 3)
            : try pair.toOfferer(pair.visitor.give(given), number: 3)
        guard case .membership(let membership) = received else { throw Unexpected() }
        let isSame = membership.encoded().isEqual(to: given.membership.encoded())
        #expect(isSame)
        #expect(Gift.membership(given).device == membership.device && Gift.seed.device == nil)
        #expect(membership.scope.text == "bookmarks (read only), notes, until 2099-12-31")
        let id = membership.userID.bytes
        let end =
            offererRole == .holder
            ? try pair.toOfferer(pair.visitor.stored(userID: id), number: 3)
            : try pair.visitor.receive(pair.offerer.stored(userID: id), number: 3)
        guard case .confirmed = end else { throw Unexpected() }
    }

    @Test("A receipt for a membership that names another chain is a wrong receipt") func wrongReceipt() throws {
        var pair = try Pair.make()
        _ = try pair.meet()
        let given = try GivenMembership(collections: Self.names(1, bytes: 5), of: Self.seed)
        _ = try pair.visitor.receive(pair.offerer.give(given), number: 3)
        let receipt = try pair.visitor.stored(userID: SyncSeed.random().userID.bytes)
        #expect(failure { _ = try pair.toOfferer(receipt, number: 3) } == .wrongReceipt)
    }

    @Test("A membership is given once, and by the holder alone") func once() throws {
        let given = try GivenMembership(collections: Self.names(1, bytes: 5), of: Self.seed)
        var pair = try Pair.make()
        #expect(failure { _ = try pair.offerer.give(given) } == .outOfOrder)
        pair = try Pair.make()
        _ = try pair.meet()
        #expect(failure { _ = try pair.visitor.give(given) } == .outOfOrder)
        _ = try pair.offerer.give(given)
        #expect(failure { _ = try pair.offerer.give(given) } == .outOfOrder)
    }

    @Test("Five collections always fit, with the longest names, dates and generations, and six do not") func limit()
        throws
    {
        let most = GivenMembership.collectionsThatFit
        /// The size of a membership of so many collections, each at a generation of five bytes in place of one.
        func size(_ count: Int) throws -> Int {
            let names = try Self.names(count, bytes: CollectionName.byteLimit)
            let keys = DeviceKeys.random()
            let membership = try Membership(
                device: .random(),
                deviceKeys: keys,
                collections: names.mapValues { _ in true },
                notAfter: .max,
                seed: Self.seed
            )
            return membership.encoded().count + 4 * (count + 2)
        }
        #expect(try size(most) <= GivenMembership.byteLimit)
        #expect(try size(most + 1) > GivenMembership.byteLimit)
        let expected = ChainError.membershipTooLarge(fits: most)
        #expect(throws: expected) { try GivenMembership(collections: Self.names(12, bytes: 20), of: Self.seed) }
        #expect("\(expected)".contains("\(most)"))
    }

    @Test("With short names more than ten collections fit") func shortNames() throws {
        let most = try #require(
            (1...20).last { (try? GivenMembership(collections: Self.names($0, bytes: 5), of: Self.seed)) != nil }
        )
        #expect(most == 10)
    }

    @Test("A membership has no key of the seed's and none of another collection") func keys() throws {
        let given = try GivenMembership(collections: Self.names(1, bytes: 5), of: Self.seed)
        let bytes = given.membership.encoded().withUnsafeBytes { Array($0) }
        let seed = Self.seed.withBytes { SecretBytes(copying: $0) }.withUnsafeBytes { Array($0) }
        #expect(!bytes.indices.dropLast(31).contains { Array(bytes[$0..<$0 + 32]) == seed })
        #expect(try given.membership.collection(CollectionName("notes")) == nil)
        #expect(given.membership.collection(.collections) == nil)
    }

    @Test("Of each collection the newest generation's key is given, and no other") func newest() throws {
        let (notes, tasks) = (try CollectionName("notes"), try CollectionName("tasks"))
        let given = try GivenMembership(
            collections: [notes: true, tasks: true],
            generations: [notes: 4_000_000_000],
            of: Self.seed
        )
        #expect(given.membership.collection(notes)?.keys.keys.map(\.self) == [4_000_000_000])
        #expect(given.membership.collection(tasks)?.keys.keys.map(\.self) == [1])
    }

    @Test("Each membership is for a device of its own") func devices() throws {
        let gifts = try (0..<3).map { _ in try GivenMembership(collections: Self.names(1, bytes: 5), of: Self.seed) }
        #expect(Set(gifts.map(\.membership.device)).count == 3)
        #expect(Set(gifts.map(\.membership.deviceKeys.signingKey)).count == 3)
    }
}
