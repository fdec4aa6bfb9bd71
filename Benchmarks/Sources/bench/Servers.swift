import Glibc

/// The command that starts each server, and the generator's protocol for it.
struct Servers {
    private let program: String
    private let twist: String
    private let certificate: String
    private let pin: String?
    /// Whether the relay has an option for its number of cores.
    let hasCores: Bool

    init(program: String, twist: String?, certificate: String?, pin: String?) {
        self.program = program
        self.twist = twist ?? "twist"
        self.certificate = certificate ?? ""
        self.pin = pin
        hasCores = Self.output(of: "'\(program)' relay --help").contains("--cores ")
    }

    /// Starts one server, or as many relays as the layout has. Each is killed when its ``Server`` is released. Servers
    /// with two cores, together or one each, run on the machine's first two cores, whatever `pin` says.
    func start(_ subject: Subject, _ layout: Results.Layout) throws(BenchError) -> [Server] {
        let pin = layout == .single ? pin : pin.map { _ in "0-1" }
        var servers: [Server] = []
        for _ in 0..<layout.relays { servers.append(try Server(command(subject, cores: layout.cores), pin: pin)) }
        return servers
    }

    /// - Parameter servers: one server; or several relays, which get the pairings in turn.
    func scheme(_ subject: Subject, _ servers: [Server]) -> any Scheme {
        let targets = servers.map { target(subject, $0) }
        return switch subject {
        case .mailbox: MailboxScheme(target: targets[0])
        case .publish: PublishScheme(target: targets[0])
        default: RelayScheme(transport: subject.transport ?? .webSocket, targets: targets, sources: 64)
        }
    }

    /// Starts relays that share the Redis server at this port, or one alone.
    func startRelays(_ count: Int, redis: UInt16?) throws(BenchError) -> [Server] {
        var servers: [Server] = []
        let key = "/tmp/easysetup-bench-\(getpid()).key"
        let shared = redis.map { ["--fleet", "redis://127.0.0.1:\($0)", "--key-file", key] } ?? []
        for _ in 0..<count { servers.append(try Server(relay + shared, pin: pin)) }
        unlink(key)
        return servers
    }

    /// Pairings whose offerers are at each relay in turn, and whose visitors are at the next one.
    func acrossScheme(_ servers: [Server]) -> any Scheme {
        let targets = servers.map { target(.plain, $0) }
        return RelayScheme(transport: .webSocket, targets: targets, sources: 64, isAcross: true)
    }

    func waiting(_ subject: Subject, _ server: Server) -> any Waiting {
        let target = target(subject, server)
        return subject == .mailbox
            ? MailboxWaiting(target: target) : RelayWaiting(transport: subject.transport ?? .webSocket, target: target)
    }

    private func target(_ subject: Subject, _ server: Server) -> Target {
        Target(port: server.port, tls: subject.isTLS ? ClientTLS() : nil)
    }

    private func command(_ subject: Subject, cores: Int) -> [String] {
        switch subject {
        case .mailbox: [twist] + MailboxScheme.command
        case .publish: PublishScheme.command
        case .bare: [CommandLine.arguments[0], "--bare", "PORT"]
        default: relay + (subject.isTLS ? files : []) + (hasCores ? ["--cores", "\(cores)"] : [])
        }
    }

    private var files: [String] {
        zip(["--tls-certificate", "--tls-key"], certificate.split(separator: ",")).flatMap { [$0, String($1)] }
    }

    /// The relay's command with all limits per address prefix raised, because all devices of the benchmark come from
    /// one machine.
    private var relay: [String] {
        [program, "relay", "--listen", "127.0.0.1:PORT", "--log-level", "error"]
            + [
                "offersPerPrefix=100000000", "visitsPerPrefix=100000000", "rooms=400000", "meetingsInAll=400000",
                "roomless=400000", "roomlessPerPrefix=400000", "openingPerPrefix=400000", "deadlines=4000000",
                "connections=400000", "partOfFree=1",
            ]
            .flatMap { ["--limit", $0] }
    }

    /// The standard output of a command of the shell.
    static func output(of command: String) -> String {
        guard let pipe = popen(command, "r") else { return "" }
        defer { pclose(pipe) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self)
    }
}
