//! MT19937 as CPython's `random.Random(seed)` runs it (Matsumoto and Nishimura 1998; CPython's `_randommodule.c`
//! for seeding by array and 53-bit doubles).

const N: usize = 624;
const M: usize = 397;

/// One generator; the state is what `random.seed(n)` leaves.
#[derive(Clone)]
pub struct Mersenne {
    state: [u32; N],
    next: usize,
}

impl Mersenne {
    /// Seeds with a non-negative integer of up to 64 bits.
    pub fn new(seed: u64) -> Self {
        let words = [seed as u32, (seed >> 32) as u32];
        let key = if words[1] == 0 { &words[..1] } else { &words[..] };
        let mut out = Self { state: [0; N], next: N };
        out.seed_by_number(19_650_218);
        out.seed_by_array(key);
        out
    }

    fn seed_by_number(&mut self, seed: u32) {
        self.state[0] = seed;
        for i in 1..N {
            let last = self.state[i - 1];
            self.state[i] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
    }

    fn seed_by_array(&mut self, key: &[u32]) {
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let last = self.state[i - 1];
            let mixed = self.state[i] ^ (last ^ (last >> 30)).wrapping_mul(1_664_525);
            self.state[i] = mixed.wrapping_add(key[j]).wrapping_add(j as u32);
            j = (j + 1) % key.len();
            self.wrap(&mut i);
        }
        for _ in 0..N - 1 {
            let last = self.state[i - 1];
            let mixed = self.state[i] ^ (last ^ (last >> 30)).wrapping_mul(1_566_083_941);
            self.state[i] = mixed.wrapping_sub(i as u32);
            self.wrap(&mut i);
        }
        self.state[0] = 0x8000_0000;
    }

    fn wrap(&mut self, i: &mut usize) {
        *i += 1;
        if *i >= N {
            self.state[0] = self.state[N - 1];
            *i = 1;
        }
    }

    fn refill(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ twist;
        }
        self.next = 0;
    }

    fn word(&mut self) -> u32 {
        if self.next == N {
            self.refill();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Uniform in \[0, 1) with 53 bits: `random.random()`.
    pub fn random(&mut self) -> f64 {
        let a = f64::from(self.word() >> 5);
        let b = f64::from(self.word() >> 6);
        (a * 67_108_864.0 + b) * (1.0 / 9_007_199_254_740_992.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_equal_cpython() {
        let mut one = Mersenne::new(42);
        assert_eq!(one.random(), 0.639_426_798_457_883_7);
        assert_eq!(one.random(), 0.025_010_755_222_666_936);
        assert_eq!(Mersenne::new(0).random(), 0.844_421_851_525_048_1);
        assert_eq!(Mersenne::new(u64::MAX).random(), 0.021_825_695_401_270_107);
    }
}
