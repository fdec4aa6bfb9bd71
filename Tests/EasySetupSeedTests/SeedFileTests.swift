import EasySetupSeed
import Testing

@Suite("Seed files") struct SeedFileTests {
    static let seed = Sample.seed(createdAt: 1_700_000_000)
    static let passphrase = try! Passphrase(secret("correct horse"))
    static let plain = array(SeedFile.write(seed))
    // Sealing takes a tenth of a second, so it is done once for all tests.
    static let sealed = array(try! SeedFile.seal(seed, under: passphrase))

    @Test("A plain file gives its seed back") func plain() throws {
        let read = try SeedFile.read(secret(Self.plain))
        #expect(read.isSame(as: Self.seed))
        #expect(read.createdAt == 1_700_000_000)
        #expect(try SeedFile.kind(of: secret(Self.plain)) == .plain)
    }

    @Test("A sealed file gives its seed back to the passphrase only") func sealed() throws {
        let read = try SeedFile.read(secret(Self.sealed), passphrase: Self.passphrase)
        #expect(read.isSame(as: Self.seed))
        #expect(read.createdAt == 1_700_000_000)
        #expect(try SeedFile.kind(of: secret(Self.sealed)) == .sealed)
        let wrong = try Passphrase(secret("correct house"))
        #expect(throws: SeedError.wrongPassphrase) { try SeedFile.read(secret(Self.sealed), passphrase: wrong) }
        #expect(throws: SeedError.passphraseNeeded) { try SeedFile.read(secret(Self.sealed)) }
    }

    @Test("A sealed file does not contain the seed") func hidden() {
        let bytes = Self.seed.withBytes { array(SecretBytes(copying: $0)) }
        #expect(Self.plain.contains(bytes))
        #expect(!Self.sealed.contains(bytes))
    }

    @Test("Two files of one seed share neither salt nor nonce") func fresh() throws {
        let other = array(try SeedFile.seal(Self.seed, under: Self.passphrase))
        #expect(other[18..<34] != Self.sealed[18..<34])
        #expect(other[34..<58] != Self.sealed[34..<58])
    }

    @Test("Every flipped bit is noticed before a passphrase is tried") func flips() {
        for file in [Self.plain, Self.sealed] {
            for index in file.indices {
                var damaged = file
                damaged[index] ^= 1
                let expected: SeedError =
                    switch index {
                    case 0..<8: .fileForeign
                    case 8: .fileVersion
                    default: .fileDamaged
                    }
                #expect(throws: expected) { try SeedFile.kind(of: secret(damaged)) }
            }
        }
    }

    @Test("Every cut and every addition is noticed") func lengths() {
        for file in [Self.plain, Self.sealed] {
            for length in file.indices {
                let expected: SeedError = length < 8 ? .fileForeign : .fileDamaged
                #expect(throws: expected) { try SeedFile.kind(of: secret(Array(file[..<length]))) }
            }
            #expect(throws: SeedError.fileDamaged) { try SeedFile.kind(of: secret(file + [0])) }
        }
    }

    @Test(
        "The cost that a file may ask for has a floor and a ceiling",
        arguments: [
            (9, 65_536, SeedError.fileTooCostly), (2, 262_145, .fileTooCostly), (.max, .max, .fileTooCostly),
            (1, 65_536, .fileDamaged), (2, 65_535, .fileDamaged), (0, 0, .fileDamaged),
        ] as [(UInt32, UInt32, SeedError)]
    ) func cost(passes: UInt32, kibibytes: UInt32, expected: SeedError) {
        #expect(throws: expected) { try SealingCost(passes: passes, kibibytes: kibibytes) }
    }

    @Test("A passphrase is 1 to 1,024 bytes") func passphrases() {
        #expect(throws: SeedError.passphraseUnfit) { try Passphrase(SecretBytes(zeros: 0)) }
        #expect(throws: SeedError.passphraseUnfit) { try Passphrase(SecretBytes(zeros: 1025)) }
        #expect(throws: Never.self) { try Passphrase(SecretBytes(zeros: 1024)) }
    }
}
