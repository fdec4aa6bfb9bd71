import EasySetupChain
import EasySetupSeed

/// The fixed inputs of the handshake vectors. They take the place of all values that devices and the relay draw at
/// random.
enum HandshakeInputs {
    /// The meeting ID, which the relay draws.
    static let meeting = "7e4b4791d6a8ef019b936c79fb7f2c57"
    /// The two devices' scalars for CPace, from the test vectors of CPace's draft.
    static let visitorScalar = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"
    static let offererScalar = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"
    /// The decapsulation key of X-Wing (the key encapsulation mechanism, KEM), 32 bytes.
    static let kemSeed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    /// One encapsulation to the public key of `kemSeed`. It was computed once and kept, because swift-crypto draws the
    /// randomness of an encapsulation itself.
    static let kemCiphertext = """
        8cd2aab90e19dc4c42d5a154bbcde2f2ee9c8a8d8d68ea3262cc89a4a43a3891673aa163d7164b92d374f0756ae690aef88c8268\
        ed5fa1ede47486ae70a62d7c4704d337b3e36c68bf0c763f2fb262616f489f32382531b7f05a1a0d4a705a24dbb0306b94e2e61b\
        c894c246188476e2f8dbbcae00aacea17f99c40febb7eecb2f810d9d95f526d7170aa233921b7b3197415ea91c2bf68bd9bcfd53\
        6b7d5fa78306b2840c899ebffdab121032f042abcf66d28680c50b2184347ac8198b78a731a063756d72f51645d0e71ee22e3e61\
        19c91b431d07232050425f8f0cfe9a94b3411d7b1525e2aabee9d5c6bbdaeea95348bac373028be0b89525fbed39aa074f246d9f\
        4859121a695760cefe95181c95d4a8a2d20752a1496a66f3b2f39de774887df6076fe98ddd198eb4294517682f06f31bc155302a\
        f6b4836c6fba1c9fe759823df2c961dc02dfd2ef7b4a9df22d78b2ffb7f600a45d90a27681596e8100d32a62da0660bfeeda86f5\
        33d29e250771fb98b12fd4efb1be129b1e25252f0b5c6a9afc2a9f348b601077d3d9cbbcacd5bd5035e2ebbb0f7a22f0a6d72487\
        c34648a3bfeb052f761ff21bf007538113b060d3fe73ef3b94ef9fd6f0d56c20e85c1aa13320a81b1f83483f71aa9f5eb070ddd1\
        656bb75d4cd0697b28b27e788cccb3b9ffb1e802d176664d414a68c1eec37cb8bb33e046c7946e1b50d697937ca8ffff71e6af3e\
        c222ef7ee04a42fdaf9ff8b0a14820c9692a9e170383a4e270977a278908a925c39084e35fceb3f7ccfd69e6aa13d8e056ce32ae\
        15fc424d2f3dd21c5e949dddadfbdc4332cecefebf7c798c2173e4e07effb9068b1c65c06636fe853a9e861a17cfa73a17426755\
        fd436451e174155a13c82c79f564ea8289d7889810cfa7ea57d2ec19381015b35638d1ad28b1f9eb3708467832e054ff6dec7a63\
        7705ef61cba8a4b3ed63feca64f1b1643acfb7cb8034bd14b7c414f27eb7b4cb9972a72315672383de9fb95dfa8fc2773ff1f713\
        21885c97526014da85b2cfd1d748499a3858b511cdc5bfa11635691cd43cf9177e7dc3270e1c325a542319b9009a7e3ba334cbd9\
        905b473e30041758f5bd7fe55e94a1870dfa6d63abdc0fe0137d739e9b1f6c2b9ee62e34b2e0c6a395b5704b3269657d1b0ba61d\
        1afa50782d1ee2f1a640fa4b10799bf147146fd523d97f617d0dcc3103da16bb2257f6057c2ca2f9016890dae11b4b1ca13d9107\
        f70943e653cad95703a38fd43519bb0572e1266f00e885535981e09dc419eeb99affe5b51b675a7874329ba7926f6bd775324fe3\
        08bd037ffffdeb150e20eec8206ccd9181ef59b7e6328b8dd60c8263f67f209bbc956c5ab673b5363404554b11f953f002448ac3\
        01091883dcb6f02dca8e25540478c9b936f8aa14c27837fa8123ce98d408b1570b98766126781ecb86d712ef7d812fb5be5ec9ac\
        75f2079b36cc6c1d9789efd2e9a8b8ffa0f420f000265d7111bf8ead5fd54e83cf7ea830185f5742df3b1df8efc4fc21daafa32a\
        b3b080efba4914eb7b00348bf60b7f171f263f9403d825c70107423e
        """
    static let kemSecret = "87940ad2fb8ac19435b33285ae332938ad331e0face8995e44d89ed829f301f1"
    /// A sync seed, and below it the seed's creation time and user ID.
    static let seed = "5bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb"
    static let createdAt: UInt64 = 1_750_000_000
    static let userID = "f58ca446f0c33ee7e8e9874466da442b2e764afd77ad46034bdff9e01f9b87d4"
    /// The link's secret of 16 bytes.
    static let linkSecret = "00112233445566778899aabbccddeeff"

    /// The secret of the device that gets a membership, its id, and the last second of the membership's validity.
    static let deviceSecret = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
    static let device: UInt64 = 0x0102_0304_0506_0708
    static let notAfter: UInt64 = 4_102_444_799

    /// A membership of the seed's chain: to write in `notes`, and to read `bookmarks`.
    static func membership() throws -> Membership {
        guard let keys = DeviceKeys(secret: fixedSecret(try unhex(deviceSecret))) else { throw NotAsPlanned() }
        return try Membership(
            device: DeviceID(value: device),
            deviceKeys: keys,
            collections: [CollectionName("notes"): true, CollectionName("bookmarks"): false],
            notAfter: notAfter,
            seed: SyncSeed(bytes: fixedSecret(unhex(seed)))
        )
    }

    /// Where some bytes begin in others.
    static func place(of part: some Collection<UInt8>, in bytes: [UInt8]) throws -> Int {
        let starts = bytes.indices.dropLast(part.count - 1)
        guard let start = starts.first(where: { bytes[$0..<$0 + part.count].elementsEqual(part) }) else {
            throw NotAsPlanned()
        }
        return start
    }
}

/// An input or a run is not as the vectors want it.
struct NotAsPlanned: Error {}
