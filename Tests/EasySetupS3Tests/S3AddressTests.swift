import EasySetupS3
import Testing

@Suite("Addresses of buckets")
struct S3AddressTests {
    @Test("An address has an endpoint, a region and a bucket")
    func parts() {
        let address = S3Address(endpoint: "https://s3.example.org", region: "us-east-1", bucket: "records")
        #expect(
            [address.endpoint, address.region, address.bucket] == ["https://s3.example.org", "us-east-1", "records"]
        )
    }
}
