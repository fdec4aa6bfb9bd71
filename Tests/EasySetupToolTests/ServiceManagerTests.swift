import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay
@testable import EasySetupTool

@Suite("The relay under a service manager", .inTurn, .timeLimit(.minutes(60))) struct ServiceManagerTests {
    let folder = ScratchFolder()

    /// Runs the program with sockets of this kind from descriptor 3 on, as systemd does for a socket unit. All have the
    /// same address (`ReusePort=yes`).
    private static func activated(
        _ kind: String,
        count: Int = 1,
        process: String = "$$",
        _ arguments: [String]
    ) throws -> Running {
        let script = """
            use Socket; use POSIX;
            $^F = 30;
            my ($port, @sockets) = (0);
            for my $number (1..\(count)) {
                socket(my $socket, PF_INET, \(kind), 0) or die;
                setsockopt($socket, SOL_SOCKET, SO_REUSEPORT, 1) or die;
                bind($socket, sockaddr_in($port, INADDR_LOOPBACK)) or die;
                listen($socket, 16) if \(kind) == SOCK_STREAM;
                ($port) = sockaddr_in(getsockname($socket));
                push @sockets, $socket;
            }
            POSIX::dup2(fileno($sockets[$_]), 20 + $_) or die for 0..$#sockets;
            POSIX::dup2(20 + $_, 3 + $_) or die for 0..$#sockets;
            $ENV{LISTEN_PID} = \(process); $ENV{LISTEN_FDS} = \(count);
            exec @ARGV or die;
            """
        return try Running(["-e", script, Program.path] + arguments, of: "/usr/bin/perl")
    }

    @Test(
        "The relay serves on the sockets of its socket unit, and needs no --listen",
        arguments: [(1, 1), (2, 2), (1, 2)]
    )
    func socketActivation(sockets: Int, cores: Int) async throws {
        let relay = try Self.activated("SOCK_STREAM", count: sockets, ["relay", "--json", "--cores", "\(cores)"])
        let listening = try await relay.event("listening")
        let port = try #require(listening["port"] as? Int)
        #expect(port > 0)
        #expect(listening["addresses"] as? [String] == ["127.0.0.1:\(port)"])
        for _ in 0..<8 {
            let curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(port)/health/ready"]
            #expect(try await Running(curl, of: "/usr/bin/env").output() == "200")
        }
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
        #expect(await relay.errors().contains("ReusePort=yes") == (sockets < cores))
    }

    @Test("A descriptor that is no listening TCP socket is refused by its number") func otherSocket() async throws {
        let relay = try Self.activated("SOCK_DGRAM", ["relay", "--json"])
        #expect(await relay.end() == 74)
        let output = await relay.output()
        #expect(output.contains(#""error":"cannot-listen""#) && output.contains("descriptor 3"))
        #expect(output.contains("ListenStream="))
    }

    @Test("The check tells the addresses of the sockets that it was given, and judges these and not --listen")
    func checked() async throws {
        let check = try Self.activated(
            "SOCK_STREAM",
            ["relay", "--check", "--json", "--listen", "*:80", "--key-file", folder.path + "/new.key"]
        )
        let finding = try await check.event("finding")
        #expect(finding["finding"] as? String == "from-service-manager")
        #expect(finding["severity"] as? String == "notice")
        #expect((finding["message"] as? String)?.contains(/at 127\.0\.0\.1:\d+,/) == true)
        #expect((finding["advice"] as? String)?.contains("--listen") == true)
        #expect(await check.end() == 0)
        #expect(await !check.output().contains("open-without-tls"))
        let other = try Self.activated("SOCK_DGRAM", ["relay", "--check", "--json"])
        #expect(try await other.event("finding")["finding"] as? String == "cannot-listen")
        #expect(await other.end() == 78)
    }

    @Test(
        "The addresses of the package's socket unit are read from what systemd says, if the unit is in use",
        arguments: [
            ("ActiveState=active\nUnitFileState=disabled\n", true),
            ("UnitFileState=enabled\nActiveState=inactive\n", true),
            ("UnitFileState=enabled-runtime\n", true), ("ActiveState=inactive\nUnitFileState=disabled\n", false),
            ("ActiveState=inactive\nUnitFileState=\n", false), ("", false),
        ]
    )
    func unit(state: String, isUsed: Bool) {
        let sockets = "Listen=0.0.0.0:443 (Stream)\nListen=/run/x (Datagram)\nListen=[::]:443 (Stream)\n"
        let unit = SocketUnit(properties: state + sockets)
        #expect(unit?.addresses == (isUsed ? ["0.0.0.0:443", "[::]:443"] : nil))
        #expect(SocketUnit(properties: state) == nil)
    }

    @Test("Sockets that were meant for another process are not used") func otherProcess() async throws {
        let relay = try Self.activated("SOCK_STREAM", process: "1", ["relay", "--json"])
        #expect(await relay.end() == 64)
    }

    @Test(
        "The environment names descriptors only for this process, and a number that makes sense",
        arguments: [
            ("7", "2", [3, 4]), ("7", "64", Array(3..<67)), ("7", "65", []), ("7", "0", []), ("7", "-1", []),
            ("7", "two", []), ("7", nil, []), ("8", "1", []), (nil, "1", []),
        ] as [(String?, String?, [CInt])]
    )
    func environment(process: String?, count: String?, sockets: [CInt]) {
        let manager = ServiceManager(process: 7) { ["LISTEN_PID": process, "LISTEN_FDS": count][$0] ?? nil }
        #expect(manager.sockets == sockets)
    }

    @Test("The service manager is told when the relay listens, and when it drains", arguments: [false, true])
    func notified(isAbstract: Bool) async throws {
        let name = isAbstract ? "@easysetup-test-\(UUID())" : folder.path + "/notify"
        let script = """
            use Socket; $| = 1;
            (my $path = $ARGV[0]) =~ s/^@/\\0/;
            socket(S, PF_UNIX, SOCK_DGRAM, 0) and bind(S, pack("S a*", AF_UNIX, $path)) or die;
            print "bound\\n";
            while (defined recv(S, my $text, 4096, 0)) { print join("|", split /\\n/, $text), "\\n" }
            """
        let manager = try Running(["-e", script, name], of: "/usr/bin/perl")
        defer { manager.stop() }
        _ = try #require(await manager.line { $0 == "bound" })
        let relay = try Running(["relay", "--json", "--listen", "127.0.0.1:0"], variables: ["NOTIFY_SOCKET": name])
        let port = try #require(try await relay.event("listening")["port"] as? Int)
        let ready = try #require(await manager.line { $0.contains("READY=1") })
        #expect(ready == "READY=1|STATUS=Listening at ws://127.0.0.1:\(port)")
        relay.interrupt(SIGTERM)
        #expect(await manager.line { $0.hasPrefix("STOPPING=1|STATUS=") } != nil)
        #expect(await relay.end() == 0)
    }
}
