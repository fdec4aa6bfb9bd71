import ArgumentParser
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Glibc

/// `chainbench fill`: writes records.
struct FillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "fill", abstract: "Write records.")

    @OptionGroup var store: StoreOptions

    @Option(help: "How many records.")
    var records = 10_000

    @Option(help: "The bytes of a value.")
    var bytes = 100

    @Option(help: "How many devices write at once.")
    var devices: UInt64 = 8

    func run() async throws {
        let counted = try await store.device()
        let chains = try (1...devices).map { try store.chain($0, counted) }
        let watch = StopWatch()
        try await Records(count: records, bytes: bytes).write(by: chains)
        show([
            "seconds": watch.seconds, "cpu": OwnProcess.cpu, "requests": Double(counted.calls.all),
            "puts": Double(counted.calls.puts), "peak": Double(OwnProcess.bytes("VmHWM")),
        ])
    }
}

/// `chainbench newcomer`: reads everything as a device that knows nothing yet.
struct NewcomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "newcomer", abstract: "Read everything once.")

    @OptionGroup var store: StoreOptions

    @Flag(help: "Give all objects to the app at once.")
    var all = false

    func run() async throws {
        let counted = try await store.device()
        let begin = Double(OwnProcess.bytes("VmHWM"))
        let cpu = OwnProcess.cpu
        let newcomer = try await Newcomer.reads(store.chain(100, counted), counted, listsAll: all)
        show([
            "seconds": newcomer.seconds, "cpu": OwnProcess.cpu - cpu, "requests": Double(newcomer.calls.all),
            "listed": Double(newcomer.calls.listed), "objects": Double(newcomer.objects ?? -1), "begin": begin,
            "resident": Double(OwnProcess.bytes("VmRSS")), "peak": Double(OwnProcess.bytes("VmHWM")),
        ])
    }
}

/// `chainbench turns`: looks, writes and bare puts by turns.
struct TurnsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "turns", abstract: "Look, write and put by turns.")

    @OptionGroup var store: StoreOptions

    @Option(help: "How many turns.")
    var rounds = 200

    func run() async throws {
        let counted = try await store.device()
        let chain = try store.chain(101, counted)
        _ = try await Newcomer.reads(chain, counted, listsAll: false)
        // Records of the last ten minutes are listed by every look, so the store's clock is set ahead first. Two
        // answers have to say so, and the first listing after that is one of everything.
        counted.setAhead(700)
        for _ in 0..<3 { _ = try await Newcomer.reads(chain, counted, listsAll: false) }
        let turns = try await Turns.take(rounds, chain, counted, bare: store.admin(), prefix: "bare/\(getpid())/")
        show([
            "look": turns.looks.middle, "look-requests": Double(turns.looks.mostCalls),
            "write": turns.writes.middle, "write-requests": Double(turns.writes.mostCalls),
            "put": turns.puts.middle, "list": turns.lists.middle,
        ])
    }
}

/// `chainbench compact`: compacts the collection.
struct CompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "compact", abstract: "Compact the collection.")

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let counted = try await store.device()
        let watch = StopWatch()
        let report = try await store.chain(102, counted).compact(Records.collection, minimum: 1)
        show([
            "seconds": watch.seconds, "cpu": OwnProcess.cpu, "requests": Double(counted.calls.all),
            "pieces": Double(report.pieces), "deleted": Double(report.deleted),
            "peak": Double(OwnProcess.bytes("VmHWM")),
        ])
    }
}

/// `chainbench sessions`: asks for sessions, of a service or of the store itself.
struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "sessions", abstract: "Ask for sessions.")

    @OptionGroup var store: StoreOptions

    @Option(help: "The port of the service on loopback; without it the store's STS is asked.")
    var service: Int?

    @Option(help: "The host by which devices know the service.")
    var host = "keys.example.org"

    @Option(help: "How many sessions, over some chains.")
    var count = 1_000

    @Option(help: "How many are asked for at once.")
    var inFlight = 8

    @Option(help: "The number of the process, so that chains are other ones.")
    var number: UInt8 = 0

    func run() async throws {
        let seeds = try (0..<UInt8(clamping: inFlight)).map { try StoreOptions.seed([number, $0, 9]) }
        let keys = try StoreOptions.keys("BROKER")
        let address = try store.address()
        let watch = StopWatch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, seed) in seeds.enumerated() {
                let share = (count + seeds.count - 1 - index) / seeds.count
                group.addTask {
                    if let service {
                        let call = try ServiceCall(port: service, host: host)
                        for _ in 0..<share { try await call.credentials(of: seed) }
                    } else {
                        let call = SessionCall(address, by: keys)
                        let prefix = RecordPlace.chainPrefix(of: seed.userID)
                        for _ in 0..<share { _ = try await call.session(for: prefix) }
                    }
                }
            }
            try await group.waitForAll()
        }
        show(["seconds": watch.seconds, "cpu": OwnProcess.cpu, "count": Double(count)])
    }
}
