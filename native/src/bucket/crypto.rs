//! What the requests are signed with: SHA-256 and HMAC here, RSA by the caller.
use super::{Answer, Failure, Slice, Transport};
use crate::OK;
use object_store::client::{CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm};
use object_store::Error;
use sha2::{Digest, Sha256};

/// SHA-256 and HMAC of the crates that the rest of the library uses already.
#[derive(Debug)]
pub(super) struct Crypto(pub(super) Transport);

struct Hashing(Sha256, [u8; 32]);
struct Keyed(hmac::Hmac<Sha256>, [u8; 32]);
struct Key(Transport, Vec<u8>);

impl CryptoProvider for Crypto {
    fn digest(&self, _: DigestAlgorithm) -> object_store::Result<Box<dyn DigestContext>> {
        Ok(Box::new(Hashing(Sha256::new(), [0; 32])))
    }
    fn hmac(&self, _: DigestAlgorithm, secret: &[u8]) -> object_store::Result<Box<dyn HmacContext>> {
        let mac = <hmac::Hmac<Sha256> as hmac::Mac>::new_from_slice(secret)
            .map_err(|e| Error::Generic { store: "HMAC", source: Box::new(e) })?;
        Ok(Box::new(Keyed(mac, [0; 32])))
    }
    fn sign(&self, _: SigningAlgorithm, pem: &[u8]) -> object_store::Result<Box<dyn Signer>> {
        Ok(Box::new(Key(self.0, pem.to_vec())))
    }
}

impl DigestContext for Hashing {
    fn update(&mut self, data: &[u8]) {
        Digest::update(&mut self.0, data);
    }
    fn finish(&mut self) -> object_store::Result<&[u8]> {
        self.1 = self.0.finalize_reset().into();
        Ok(&self.1)
    }
}

impl HmacContext for Keyed {
    fn update(&mut self, data: &[u8]) {
        hmac::Mac::update(&mut self.0, data);
    }
    fn finish(&mut self) -> object_store::Result<&[u8]> {
        self.1 = hmac::Mac::finalize(self.0.clone()).into_bytes().into();
        Ok(&self.1)
    }
}

impl Signer for Key {
    fn sign(&self, text: &[u8]) -> object_store::Result<Vec<u8>> {
        let mut answer = Answer::default();
        // SAFETY: all three outlive the call.
        match unsafe { (self.0.sign)(Slice::of(&self.1), Slice::of(text), &mut answer) } {
            OK => Ok(answer.body),
            _ => Err(Error::Generic { store: "RSA", source: Box::new(Failure("the private key cannot be used")) }),
        }
    }
}
