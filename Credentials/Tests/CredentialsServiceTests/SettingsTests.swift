import CredentialsCore
import CredentialsService
import EasySetupS3
import Foundation
import Testing

@Suite("Settings of the program")
struct SettingsTests {
    private static let usual = [
        "--listen", "127.0.0.1:0", "--host", "Keys.example.org", "--store", "/x", "--node",
        "name=n1 endpoint=https://s3.example.org bucket=chains", "--broker-file", "b", "--poster-file", "p",
    ]

    private func configuration(_ arguments: [String] = usual, _ variables: [String: String] = [:], file: String = "")
        throws
        -> ProgramConfiguration
    {
        var reader = try SettingsReader(arguments: arguments)
        try reader.add(variables: variables)
        try reader.add(file: file)
        return try ProgramConfiguration(reader) { ["b": "BROKER\nsecret1\n", "p": "POSTER\nsecret2\n"][$0] }
    }

    @Test("The defaults are the safe ones")
    func defaults() throws {
        let configuration = try configuration()
        #expect(configuration.service.hosts == ["keys.example.org"])
        #expect(configuration.service.registration == .invitation)
        #expect(!configuration.service.allowsPlain)
        #expect(configuration.admin == nil)
        #expect(configuration.duration == 129_600)
        #expect(configuration.deviceDuration == 3_600)
        #expect(configuration.nodes[0].node == Node(name: "n1", capacity: 10_000))
        #expect(configuration.nodes[0].access.call == .federation)
        #expect(configuration.nodes[0].access.sts == "https://s3.example.org")
        #expect(configuration.nodes[0].access.address.region == "us-east-1")
    }

    @Test("An option beats a variable, and a variable beats the file")
    func layers() throws {
        let file = "# comment\n\nregistration = open\nduration = 1000\ndrain-time = 5\n"
        let variables = ["EASYSETUP_CREDENTIALS_REGISTRATION": "closed", "EASYSETUP_CREDENTIALS_DURATION": "2000"]
        let configuration = try configuration(Self.usual + ["--duration=3000"], variables, file: file)
        #expect(configuration.duration == 3_000)
        #expect(configuration.service.registration == .closed)
        #expect(configuration.drainTime == 5)
    }

    @Test("A secret comes from a file or a variable, and from no argument")
    func secrets() throws {
        let plain = Array(Self.usual.dropLast(4))
        let variables = [
            "EASYSETUP_CREDENTIALS_BROKER_ACCESS_KEY": "A", "EASYSETUP_CREDENTIALS_BROKER_SECRET_KEY": "B",
            "EASYSETUP_CREDENTIALS_POSTER_ACCESS_KEY": "C", "EASYSETUP_CREDENTIALS_POSTER_SECRET_KEY": "D",
        ]
        let configuration = try configuration(plain, variables)
        #expect(configuration.nodes[0].access.broker.accessKey == "A")
        #expect(configuration.nodes[0].access.poster.secret.revealed() == "D")
        #expect(throws: SettingsFault.self) { try self.configuration(plain + ["--broker-secret-key", "B"]) }
        #expect(throws: SettingsFault.self) { try self.configuration(plain) }
    }

    @Test(
        "A wrong setting is refused, and the message repeats no value",
        arguments: [
            ["--registration", "SECRET"], ["--duration", "SECRET"], ["--duration", "10"], ["--limit", "SECRET=5"],
            ["--limit", "nonces=0"], ["--node", "SECRET"], ["--node", "name=n1 endpoint=https://a bucket=bbb"],
            ["--node", "name=n2 endpoint=ftp://SECRET bucket=bbb"],
            ["--node", "name=n2 endpoint=https://a/SECRET bucket=bbb"],
            ["--node", "name=n2 endpoint=https://a bucket=SECRET*"],
            ["--node", "name=n2 endpoint=https://a bucket=bbb call=SECRET"],
            ["--trusted-proxy", "10.0.0.0/8"], ["--host", "https://SECRET/"], ["--SECRET", "a"], ["SECRET"],
            ["--admin", "SECRET"], ["--store", "SECRET"], ["--log-level"], ["--plain-requests=SECRET"],
        ]
    )
    func wrong(more: [String]) throws {
        #expect {
            _ = try configuration(Self.usual + more)
        } throws: {
            ($0 as? SettingsFault).map { !$0.description.contains("SECRET") } ?? false
        }
    }

    @Test("A misspelt variable is told, because it would do nothing")
    func misspelt() {
        #expect(throws: SettingsFault("EASYSETUP_CREDENTIALS_LISTN is the name of no setting.")) {
            try configuration(Self.usual, ["EASYSETUP_CREDENTIALS_LISTN": "a"])
        }
    }

    @Test("Broker and poster are two identities")
    func oneIdentity() {
        #expect(throws: SettingsFault.self) {
            try configuration(Self.usual.map { $0 == "p" ? "b" : $0 })
        }
    }

    @Test("A role is named by its ARN, and its sessions are shorter")
    func role() throws {
        let node =
            "name=n1 endpoint=http://127.0.0.1:8080 bucket=chains call=role:arn:aws:iam:::role/Sync state=backoff"
        let configuration = try configuration(Self.usual.map { $0.hasPrefix("name=") ? node : $0 })
        #expect(configuration.nodes[0].access.call == .role("arn:aws:iam:::role/Sync"))
        #expect(configuration.nodes[0].access.call.longest == 43_200)
        #expect(configuration.nodes[0].node.isBackedOff)
    }

    @Test("The limits are those of the page, by name and value")
    func limits() throws {
        let section = try #require(
            try Documented.page("Protocol/credentials.md").split(separator: "\n## ").first { $0.hasPrefix("Limits\n") }
        )
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
            row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let told = Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        let limits = ProgramConfiguration.limitNames
        #expect(Set(told.keys) == Set(limits.keys.map { "`\($0)`" }))
        for (name, (path, _)) in limits {
            let number = try #require(told["`\(name)`"]).prefix { $0 != " " }.replacing(",", with: "")
            #expect(Int(number) == ServiceLimits()[keyPath: path], "\(name)")
        }
    }

    @Test("Every setting is in the help, and no name is there twice")
    func help() {
        for setting in ProgramSetting.all {
            #expect(ProgramSetting.helpText.contains(setting.isSecret ? setting.variable : "--" + setting.name))
        }
        #expect(Set(ProgramSetting.all.map(\.name)).count == ProgramSetting.all.count)
    }
}
