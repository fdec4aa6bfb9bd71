import EasySetupSeed
import EasySetupTesting
import Synchronization
import Testing

@testable import EasySetupChain

@Suite("Leaving, renewing and deleting a chain")
struct ChainEndTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    // MARK: Leaving

    @Test("A device that leaves takes its record and its requests with it, and may leave again")
    func leave() async throws {
        let one = party.chain(1)
        try await one.note("history")
        let membership = try await one.membership(for: ["notes": true])
        let tv = party.member(membership)
        try await tv.join(name: "TV", platform: "Linux")
        try await tv.request("history", mayWrite: false)
        try await tv.leave()
        #expect(try await one.devices().isEmpty)
        #expect(try await one.requests().isEmpty)
        let before = party.store.names
        try await tv.leave()
        #expect(party.store.names == before)
    }

    @Test("A removed device can leave, too")
    func leaveRemoved() async throws {
        let one = party.chain(1)
        let membership = try await one.membership(for: ["notes": true])
        try await party.member(membership).join(name: "TV", platform: "Linux")
        try await one.remove(membership.device)
        try await party.member(membership).leave()
        #expect(try await one.devices().isEmpty)
    }

    // MARK: Deleting a collection

    @Test("A deleted collection is empty for all devices, and only its deletion is left in the store")
    func deleteCollection() async throws {
        let (one, other) = (party.chain(1), party.chain(2))
        let membership = try await one.membership(for: ["notes": true, "history": true])
        let tv = party.member(membership)
        for index in 0..<40 { try await one.put("\(index)", in: "notes", ["a": [UInt8](repeating: 7, count: 300)]) }
        try await other.put("1", in: "history", ["a": [1]])
        var events = await tv.changes(in: "notes", every: .seconds(1)).makeAsyncIterator()
        #expect(try await events.next()?.isDeletion == false)
        #expect(try await other.list("notes").count == 40)
        let last = Mutex(0)
        let count = try await one.deleteCollection("notes") { count in last.withLock { $0 = count } }
        #expect(count == 40)
        #expect(last.withLock(\.self) == 40)
        #expect(party.names(notes).count <= 2)
        for device in [one, other, tv, party.chain(3)] { #expect(try await device.list("notes").isEmpty) }
        var event = try await events.next()
        while event?.isDeletion == false { event = try await events.next() }
        #expect(event?.isDeletion == true)
        #expect(try await party.chain(3).collections().map(\.text) == ["history"])
        #expect(try await other.get("1", in: "history") == ["a": [1]])
        // Once more: there is nothing left to do.
        let before = party.store.names
        #expect(try await one.deleteCollection("notes") == 0)
        #expect(try await party.chain(4).deleteCollection("notes") == 0)
        #expect(party.store.names == before)
        // A device that has not heard of it and changes an object brings nothing back; a new object is there.
        try await one.put("new", in: "notes", ["a": [1]])
        #expect(try await other.list("notes").map(\.object) == ["new"])
        #expect(try await party.chain(3).collections().map(\.text) == ["history", "notes"])
        await #expect(throws: ChainError.notHeld) { try await tv.deleteCollection("notes") }
        // A device that had the collection can be removed.
        try await tv.join(name: "TV", platform: "Linux")
        try await one.remove(membership.device)
    }

    @Test("A device that was away brings nothing back that was deleted, by a change or by a compaction")
    func deleteCollectionAway() async throws {
        let (one, away) = (party.chain(1), party.chain(2))
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1], "b": [1]]) }
        #expect(try await away.list("notes").count == 5)
        let before = Set(party.store.names)
        try await one.deleteCollection("notes")
        // The store withholds the deletion from the one that was away.
        party.store.change { $0.withholds = { !before.contains($0) } }
        try await away.update("1", in: "notes", ["a": [2]])
        _ = try? await away.compact("notes", minimum: 1)
        party.store.change { $0.withholds = { _ in false } }
        for device in [one, away, party.chain(3)] { #expect(try await device.list("notes").isEmpty) }
        party.store.advance(by: .seconds(700))
        try await one.deleteCollection("notes")
        for device in [one, away, party.chain(4)] { #expect(try await device.list("notes").isEmpty) }
    }

    @Test("A deletion that stops at any call is finished by the next one, on the same device or another")
    func deleteCollectionStopped() async throws {
        for stop in 0..<14 {
            let party = ChainParty()
            let one = party.chain(1)
            for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
            let left = Mutex(stop)
            party.store.change {
                $0.fault = { call, _ in
                    left.withLock { left -> MemoryObjectStore.Fault? in
                        left -= 1
                        if left == -1 { return .answerLost(ObjectStoreError(.denied)) }
                        return left < -1 ? .refused(ObjectStoreError(.denied)) : nil
                    }
                }
            }
            _ = try? await one.deleteCollection("notes")
            party.store.change { $0.fault = { _, _ in nil } }
            try await (stop % 2 == 0 ? one : party.chain(2)).deleteCollection("notes")
            #expect(party.names(notes).count <= 2, "stopped at \(stop)")
            #expect(try await party.chain(3).list("notes").isEmpty)
            #expect(try await one.list("notes").isEmpty)
        }
    }

    @Test("Key changes stay when a collection is deleted, so that no removed device reads what comes later")
    func deleteCollectionKeys() async throws {
        let one = party.chain(1)
        let (gone, stays) = (
            try await one.membership(for: ["notes": true]), try await one.membership(for: ["notes": true])
        )
        for membership in [gone, stays] { try await party.member(membership).join(name: "TV", platform: "Linux") }
        try await one.put("1", in: "notes", ["a": [1]])
        try await one.remove(gone.device)
        try await one.put("2", in: "notes", ["a": [1]])
        try await one.deleteCollection("notes")
        try await party.chain(2).put("3", in: "notes", ["a": [1]])
        #expect(try await party.member(stays).list("notes").map(\.object) == ["3"])
        #expect(try await party.member(gone).list("notes").isEmpty)
    }

    @Test("A collection that is too large to be read is deleted all the same")
    func deleteTooLarge() async throws {
        let (one, other) = (party.chain(1), party.chain(2))
        await other.limit(ChainLimits(objects: 3))
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        await #expect(throws: ChainError.collectionTooLarge(limit: 3)) { _ = try await other.list("notes") }
        #expect(try await other.deleteCollection("notes") == 5)
        #expect(try await one.list("notes").isEmpty)
    }

    @Test("Nothing is deleted when the store does not show the snapshot that says so")
    func deleteNotReadBack() async throws {
        let one = party.chain(1)
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        let before = Set(party.store.names)
        party.store.change { $0.withholds = { !before.contains($0) } }
        await #expect(throws: ChainError.notReadBack) { try await one.deleteCollection("notes") }
        #expect(before.isSubset(of: party.store.names))
    }

    // MARK: Deleting everything

    @Test("Everything of the chain is deleted, the devices and collections last, and nothing of another chain")
    func deleteEverything() async throws {
        let one = party.chain(1)
        let other = party.chain(1, seed: try SyncSeed(bytes: secret([UInt8](repeating: 8, count: 32))))
        try await other.put("1", in: "notes", ["a": [1]])
        let foreign = party.store.names
        try await one.join(name: "One", platform: "Linux")
        let membership = try await one.membership(for: ["notes": true])
        try await party.member(membership).join(name: "TV", platform: "Linux")
        try await one.remove(membership.device)
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        party.store.insert(party.prefix(notes) + "whatever")
        let last = [party.prefix(.devices), party.prefix(.collections)]
        let order = Mutex<[Bool]>([])
        party.store.change {
            $0.pageLimit = 3
            $0.fault = { call, _ in
                if case .delete(let names) = call {
                    order.withLock { $0 += names.map { name in last.contains { name.hasPrefix($0) } } }
                }
                return nil
            }
        }
        let count = try await one.deleteEverything()
        #expect(count == order.withLock(\.count))
        #expect(order.withLock { order in order == order.filter { !$0 } + order.filter(\.self) })
        #expect(party.store.names == foreign)
        #expect(try await one.deleteEverything() == 0)
        #expect(try await one.list("notes").isEmpty)
        await #expect(throws: ChainError.notHeld) { try await party.member(membership).deleteEverything() }
    }

    // MARK: Renewing

    private let newSeed = try! SyncSeed(bytes: secret([UInt8](repeating: 9, count: 32)))

    private func contents(_ chain: Chain, _ name: String) async throws -> [String: [String: [UInt8]]] {
        Dictionary(uniqueKeysWithValues: try await chain.list(name).map { ($0.object, $0.attributes) })
    }

    @Test("A renewed chain has all living objects of all collections, under its own names")
    func renew() async throws {
        let (old, new) = (party.chain(1), party.chain(1, seed: newSeed))
        try await old.put((0..<600).map { ("object \($0)", ["a": [UInt8($0 % 256)]]) }, in: "notes")
        try await old.put("1", in: "history", ["a": [1], "b": [2]])
        try await old.delete("object 5", in: "notes")
        try await old.put("1", in: "gone", ["a": [1]])
        try await old.deleteCollection("gone")
        let told = Mutex<[RenewalProgress]>([])
        #expect(try await old.renew(into: new) { state in told.withLock { $0.append(state) } } == 600)
        #expect(told.withLock { $0.last?.done == $0.last?.total })
        let newcomer = party.chain(2, seed: newSeed)
        #expect(try await newcomer.collections().map(\.text) == ["history", "notes"])
        for name in ["notes", "history"] {
            #expect(try await contents(newcomer, name) == contents(old, name))
        }
        let before = party.store.names
        #expect(try await old.renew(into: new) == 0)
        #expect(party.store.names == before)
        await #expect(throws: ChainError.sameChain) { try await old.renew(into: party.chain(3)) }
        let member = party.member(try await old.membership(for: ["notes": true]))
        await #expect(throws: ChainError.notHeld) { try await member.renew(into: new) }
        await #expect(throws: ChainError.notHeld) { try await old.renew(into: member) }
    }

    @Test("A renewal that stops at any call is finished by the next one, without doubling and without loss")
    func renewStopped() async throws {
        for stop in stride(from: 0, to: 24, by: 3) {
            let party = ChainParty()
            let old = party.chain(1)
            try await old.put((0..<300).map { ("object \($0)", ["a": [UInt8($0 % 256)]]) }, in: "notes")
            try await old.put("1", in: "history", ["a": [1]])
            let left = Mutex(stop)
            party.store.change {
                $0.fault = { _, _ in
                    left.withLock { left -> MemoryObjectStore.Fault? in
                        left -= 1
                        if left == -1 { return .answerLost(ObjectStoreError(.denied)) }
                        return left < -1 ? .refused(ObjectStoreError(.denied)) : nil
                    }
                }
            }
            _ = try? await party.chain(1).renew(into: party.chain(1, seed: newSeed))
            party.store.change { $0.fault = { _, _ in nil } }
            party.store.advance(by: .seconds(1))
            // A change in the new chain between the two calls stays, and so does a deletion.
            let new = party.chain(2, seed: newSeed)
            let copied = try await contents(new, "notes")["object 0"] != nil
            if copied {
                try await new.put("object 0", in: "notes", ["a": [99]])
                try await new.delete("object 1", in: "notes")
            }
            // Objects that the old chain gets in between come, too.
            try await old.put("object 2", in: "notes", ["a": [77]])
            try await old.delete("object 3", in: "notes")
            try await old.renew(into: new)
            var expected = try await contents(old, "notes")
            if copied {
                expected["object 0"] = ["a": [99]]
                expected["object 1"] = nil
            }
            #expect(try await contents(party.chain(3, seed: newSeed), "notes") == expected, "stopped at \(stop)")
            #expect(try await contents(party.chain(3, seed: newSeed), "history") == ["1": ["a": [1]]])
        }
    }

    @Test("A renewal that stops at any call and is made again does not take a change of the old chain for a later one")
    func renewOldChange() async throws {
        for stop in 0..<12 {
            let party = ChainParty()
            let old = party.chain(1)
            try await old.put("1", in: "notes", ["a": [1], "b": [1]])
            try await old.put("2", in: "notes", ["a": [1]])
            try await old.put("3", in: "notes", ["a": [1], "b": [1]])
            try await old.renew(into: party.chain(1, seed: newSeed))
            party.store.advance(by: .seconds(1))
            try await old.update("1", in: "notes", ["a": [2], "b": [2]])
            try await old.delete("2", in: "notes")
            try await old.delete("3", in: "notes")
            try await old.put("3", in: "notes", ["a": [2]])
            let left = Mutex(stop)
            party.store.change {
                $0.fault = { _, _ in
                    left.withLock { left -> MemoryObjectStore.Fault? in
                        left -= 1
                        return left < 0 ? .refused(ObjectStoreError(.denied)) : nil
                    }
                }
            }
            let done = (try? await party.chain(1).renew(into: party.chain(1, seed: newSeed))) != nil
            party.store.change { $0.fault = { _, _ in nil } }
            party.store.advance(by: .seconds(1))
            // The new chain goes on: its change is the later one.
            let new = party.chain(2, seed: newSeed)
            try await new.update("1", in: "notes", ["a": [3]])
            let isDeleted = try await new.get("2", in: "notes") == nil
            if isDeleted { try await new.put("2", in: "notes", ["a": [3]]) }
            for _ in 0..<2 { try await party.chain(1).renew(into: party.chain(3, seed: newSeed)) }
            let contents = try await contents(party.chain(4, seed: newSeed), "notes")
            #expect(contents["1"] == ["a": [3], "b": [2]], "stopped at \(stop)")
            #expect(contents["2"] == (isDeleted ? ["a": [3]] : nil), "stopped at \(stop)")
            #expect(contents["3"] == ["a": [2]], "stopped at \(stop)")
            #expect(stop < 11 || done)
        }
    }

    @Test("A cancelled renewal ends with its error")
    func renewCancelled() async throws {
        let (old, new) = (party.chain(1), party.chain(1, seed: newSeed))
        try await old.put("1", in: "notes", ["a": [1]])
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await old.renew(into: new)
        }
        await #expect(throws: ChainError.cancelled) { try await task.value }
    }

    // MARK: Status

    @Test("A collection's status says what was read, and what could not be read and why")
    func status() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        var status = try await one.status(of: "notes")
        #expect(status.objects == 1)
        #expect(status.generation == 1)
        #expect(!status.isLeftOut)
        #expect(status.unread.isEmpty)
        #expect(status.sinceCompleteListing == .zero)
        let membership = try await one.membership(for: ["notes": true])
        let tv = party.member(membership)
        try await tv.join(name: "TV", platform: "Linux")
        try await one.remove(membership.device)
        try await one.put("2", in: "notes", ["a": [1]])
        party.store.insert(party.prefix(notes) + "whatever")
        status = try await tv.status(of: "notes")
        #expect(status.objects == 1)
        #expect(status.isLeftOut)
        #expect(Set(status.unread.map(\.reason)) == ["key-missing"])
        #expect(status.unread.last?.writer == one.device)
        #expect(status.foreignNames == 1)
        party.store.advance(by: .seconds(50))
        #expect(try await one.status(of: "notes").generation > 1)
        #expect(try await one.status(of: "notes").sinceCompleteListing == .seconds(50))
        await #expect(throws: ChainError.notHeld) { _ = try await tv.status(of: "other") }
        await #expect(throws: ChainError.collectionName) { _ = try await one.status(of: "no/name") }
    }
}
