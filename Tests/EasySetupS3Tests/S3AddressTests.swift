import EasySetupS3
import Testing

@Suite("Addresses of buckets")
struct S3AddressTests {
    private func address(_ endpoint: String, region: String = "us-east-1", bucket: String = "records") -> S3Address? {
        S3Address(endpoint: endpoint, region: region, bucket: bucket)
    }

    @Test(
        "The header `Host` names a port that the scheme does not have",
        arguments: [
            ("https://s3.example.org", "s3.example.org"), ("https://s3.example.org/", "s3.example.org"),
            ("https://s3.example.org:443", "s3.example.org"), ("https://S3.example.org:8333", "s3.example.org:8333"),
            ("http://127.0.0.1", "127.0.0.1"), ("http://127.0.0.1:443", "127.0.0.1:443"),
            ("http://[::1]:8333", "[::1]:8333"), ("https://[2001:db8::1]", "[2001:db8::1]"),
        ]
    )
    func authority(_ endpoint: String, _ authority: String) {
        #expect(address(endpoint)?.authority == authority)
    }

    @Test(
        "An endpoint with anything but a host and a port is refused",
        arguments: [
            "", "s3.example.org", "ftp://s3.example.org", "https://", "https://s3.example.org/path", "https://a b",
            "https://user@s3.example.org", "https://s3.example.org:0", "https://s3.example.org:65536",
            "https://s3.example.org:+1", "https://s3.example.org:", "https://2001:db8::1", "https://[s3.example.org]",
            "https://s3.example.org?x", "https://a\r\nb",
        ]
    )
    func refused(_ endpoint: String) {
        #expect(address(endpoint) == nil)
    }

    @Test("HTTP without TLS is for a store on this machine, unless it is allowed")
    func plain() {
        #expect(address("http://localhost:8333") != nil)
        #expect(address("http://s3.example.org") == nil)
        let allowed = S3Address(endpoint: "http://s3.example.org", region: "r", bucket: "records", allowsPlain: true)
        #expect(allowed?.authority == "s3.example.org")
    }

    @Test("Regions and buckets have the characters that names of AWS may have")
    func names() {
        for region in ["", "us/east", "us east", "us.east", String(repeating: "a", count: 65)] {
            #expect(address("https://s3.example.org", region: region) == nil)
        }
        for bucket in ["", "ab", "Records", "re/cords", "re..cords", ".records", String(repeating: "a", count: 64)] {
            #expect(address("https://s3.example.org", bucket: bucket) == nil)
        }
        #expect(address("https://s3.example.org", bucket: "re.cords-1")?.bucket == "re.cords-1")
    }
}
