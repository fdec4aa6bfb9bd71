import Testing

@testable import EasySetupFleetStore

@Suite("Addresses of Redis servers") struct RedisAddressTests {
    private static func server(_ host: String, _ port: Int) -> RedisAddress.Location {
        .server(RedisPlace(host: host, port: port))
    }

    @Test("Each part of an address is read") func parts() throws {
        let short = try RedisAddress(url: "redis://store.example")
        #expect(short.location == Self.server("store.example", 6379) && !short.isTLS)
        #expect(short.account.user == nil && short.account.password == nil && short.account.database == 0)
        let long = try RedisAddress(url: "REDISS://relay:p%40ss%2F%25:word@[2001:db8::1]:6380/12")
        #expect(long.location == Self.server("2001:db8::1", 6380) && long.isTLS)
        #expect(long.account.user == "relay" && long.account.database == 12)
        #expect(long.account.password?.bytes == Array("p@ss/%:word".utf8))
        let password = try RedisAddress(url: "redis://:a@b@10.0.0.7/0")
        #expect(password.account.user == nil && password.account.password?.bytes == Array("a@b".utf8))
        let user = try RedisAddress(url: "redis://relay@localhost/")
        #expect(user.account.user == "relay" && user.account.password == nil)
        let binary = try RedisAddress(url: "redis://:%FF%00@localhost")
        #expect(binary.account.password?.bytes == [0xFF, 0])
    }

    @Test("Sentinels are read with their group") func sentinels() throws {
        let three = try RedisAddress(url: "rediss+sentinel://:word@a,b:1,[::1]:2/main.group/3")
        let places = [
            RedisPlace(host: "a", port: 26379), RedisPlace(host: "b", port: 1), RedisPlace(host: "::1", port: 2),
        ]
        #expect(three.location == .sentinels(places, master: "main.group") && three.isTLS)
        #expect(three.account.database == 3 && three.account.password?.bytes == Array("word".utf8))
        #expect("\(three)" == "rediss+sentinel://a:26379,b:1,[::1]:2/main.group/3")
        let one = try RedisAddress(url: "redis+sentinel://a/m")
        #expect(one.location == .sentinels([RedisPlace(host: "a", port: 26379)], master: "m") && !one.isTLS)
        let many = "redis+sentinel://" + [String](repeating: "a", count: 17).joined(separator: ",") + "/m"
        #expect(throws: RedisAddressError.host) { try RedisAddress(url: many) }
    }

    static let refused: [(String, RedisAddressError)] = [
        ("", .scheme), ("store.example", .scheme), ("http://store.example", .scheme), ("redis:store", .scheme),
        ("redis://", .host), ("redis://:6379", .host), ("redis:///1", .host), ("redis://a b", .host),
        ("redis://[::1", .host), ("redis://[1]", .host), ("redis://[::1%eth0]", .host), ("redis://ä", .host),
        ("redis://a:", .port), ("redis://a:0", .port), ("redis://a:65536", .port), ("redis://a:+1", .port),
        ("redis://::1", .host), ("redis://[::1]6379", .port), ("redis://a/-1", .database), ("redis://a/1/2", .database),
        ("redis://a/1000000", .database), ("redis://a/x", .database), ("redis://a?db=1", .rest), ("redis://a#1", .rest),
        ("redis://%zz@a", .account), ("redis://%f@a", .account), ("redis://%FF@a", .account), ("redis://@a", .account),
        ("redis+sentinel://a", .master), ("redis+sentinel://a/", .master), ("redis+sentinel://a/a b", .master),
        ("redis+sentinel://a,,b/m", .host), ("redis+sentinel:///m", .host), ("redis+sentinel://a/m/x", .database),
        ("redis://a,b", .host), ("sentinel://a/m", .scheme),
    ]

    @Test("What is no address is refused, with a reason that has nothing of it", arguments: refused)
    func refusals(text: String, error: RedisAddressError) {
        #expect(throws: error) { try RedisAddress(url: text) }
        #expect(!error.words.isEmpty && !error.words.contains("%"))
    }

    @Test("No form of an address shows user or password") func secrecy() throws {
        let address = try RedisAddress(url: "rediss://topuser:topsecret@store.example:1234/3")
        var dumped = ""
        dump(address, to: &dumped)
        dump(address.account.password, to: &dumped)
        let forms = ["\(address)", String(reflecting: address), dumped, "\(address.account.password!)"]
        for form in forms + [String(reflecting: address.account.password)] {
            #expect(!form.contains("topuser") && !form.contains("topsecret") && !form.contains("116"))
        }
        #expect("\(address)" == "rediss://store.example:1234/3")
    }
}
