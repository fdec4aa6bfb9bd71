// PairingClient
