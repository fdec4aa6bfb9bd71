// Rendezvous
