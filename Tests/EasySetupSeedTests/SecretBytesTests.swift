import EasySetupSeed
import Testing

@Suite("Secret bytes") struct SecretBytesTests {
    @Test("Taking an array's bytes wipes the array") func wiping() {
        var bytes: [UInt8] = [1, 2, 3]
        let taken = SecretBytes(wiping: &bytes)
        #expect(bytes.isEmpty)
        #expect(array(taken) == [1, 2, 3])
    }

    @Test("Equality compares lengths and bytes") func equality() {
        let one = secret([1, 2, 3])
        let isEqual = (
            one.isEqual(to: secret([1, 2, 3])), one.isEqual(to: secret([1, 2, 4])), one.isEqual(to: secret([1, 2]))
        )
        #expect(isEqual == (true, false, false))
    }

    @Test("A clone has the same bytes and its own memory") func clone() {
        let one = secret([1, 2, 3])
        let two = one.clone()
        two.withUnsafeMutableBytes { $0[0] = 9 }
        #expect(array(one) == [1, 2, 3])
        #expect(array(two) == [9, 2, 3])
    }

    @Test("Two random secrets differ") func random() {
        let isEqual = SecretBytes.random(count: 32).isEqual(to: SecretBytes.random(count: 32))
        #expect(!isEqual)
    }

    @Test("An empty secret is a valid secret") func empty() {
        let isEqual = secret([UInt8]()).isEqual(to: SecretBytes(zeros: 0))
        #expect(isEqual)
    }
}
