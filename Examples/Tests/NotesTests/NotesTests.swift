import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupTesting
import Foundation
import Testing

@testable import notes

/// Two devices of one user with their notes, over a store in memory.
@Suite("Notes in step") struct NotesTests {
    private let seed = SyncSeed.random()
    private let store = MemoryObjectStore()

    private func noteBook() -> NoteBook {
        NoteBook(chain: Chain(seed: seed, device: .random(), store: store))
    }

    private let bread = Note(title: "Bread", text: "flour, water")

    @Test("A note that one device writes is on the other one") func written() async throws {
        let (laptop, phone) = (noteBook(), noteBook())
        try await laptop.save(bread, as: "1")
        #expect(try await phone.note("1") == bread)
        #expect(try await phone.note("2") == nil)
        #expect(!store.names.contains { $0.contains("Bread") || $0.contains("notes") })
    }

    @Test("Two devices that change different members at once both have both changes") func merged() async throws {
        let (laptop, phone) = (noteBook(), noteBook())
        try await laptop.save(bread, as: "1")
        _ = try await phone.note("1")
        try await laptop.chain.update("1", in: "notes", ["text": Array("\"flour, water, salt\"".utf8)])
        try await phone.finish("1")
        let expected = Note(title: "Bread", text: "flour, water, salt", isDone: true)
        #expect(try await laptop.note("1") == expected)
        #expect(try await phone.note("1") == expected)
    }

    @Test("A watch tells what is there, and then what another device does") func watched() async throws {
        let (laptop, phone) = (noteBook(), noteBook())
        try await laptop.save(bread, as: "1")
        // The store's time stands still; the other device's changes are read by the calls of this one.
        let (shown, show) = AsyncStream<(String, Note?)>.makeStream()
        let watching = Task { try await phone.watch { show.yield(($0, $1)) } }
        var events = shown.makeAsyncIterator()
        var event = await events.next()
        #expect(event?.0 == "1" && event?.1 == bread)
        try await laptop.delete("1")
        #expect(try await phone.note("1") == nil)
        event = await events.next()
        #expect(event?.0 == "1" && event?.1 == nil)
        watching.cancel()
    }

    @Test("A device keeps its id from run to run, and opens its chain with the seed or the membership that it has")
    func opened() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "notes-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bucket = try #require(S3Address(endpoint: "http://127.0.0.1:9", region: "us-east-1", bucket: "notes"))
        let keys = S3Keys(accessKey: "key", secret: S3Secret("secret"))
        #expect(try await openChain(folder: folder, at: bucket, by: keys) == nil)
        try await FileSeedStore(folder: folder).save(seed, replacing: false)
        let first = try await openChain(folder: folder, at: bucket, by: keys)
        let second = try await openChain(folder: folder, at: bucket, by: keys)
        #expect(try #require(first).device == second?.device)
    }

    @Test("A device is in the list of the chain once, however often it starts") func entered() async throws {
        let laptop = noteBook().chain
        for _ in 0..<2 { try await enter(laptop, as: "old laptop") }
        #expect(try await noteBook().chain.devices().map(\.name) == ["old laptop"])
    }

    @Test("A device with a membership of the notes reads and writes them") func member() async throws {
        let laptop = noteBook()
        try await laptop.save(bread, as: "1")
        let membership = try await laptop.chain.membership(for: ["notes": true])
        let phone = NoteBook(chain: Chain(membership: membership, store: store))
        #expect(try await phone.note("1") == bread)
        try await phone.finish("1")
        #expect(try await laptop.note("1")?.isDone == true)
        await #expect(throws: ChainError.self) { try await phone.chain.put("1", in: "tasks", encoding: bread) }
    }
}
