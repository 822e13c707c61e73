//! Rates, fees, slippage and sizing of one symbol and one account.

use std::collections::BTreeMap;

use omega_contract::config::Config;
use omega_contract::inputs::{Commission, FeeSchema, SymbolSpec};
use omega_contract::strategy::Direction;
use omega_contract::{Category, RunError, codes};

use crate::policy::{FeeRounding, Policies, VolumeGrid};
use crate::random::{Draws, Occasion};
use crate::rounding;

/// How one currency becomes another: at most two rates, each to multiply or to divide by.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion(Vec<Leg>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Leg {
    Times(f64),
    Over(f64),
}

impl Conversion {
    /// Directly, inversely, or through USD; error 1008 when there is no way.
    pub fn find(rates: &BTreeMap<String, f64>, from: &str, to: &str) -> Result<Self, RunError> {
        let leg = |a: &str, b: &str| {
            let direct = rates.get(&format!("{a}{b}")).map(|rate| Leg::Times(*rate));
            direct.or_else(|| rates.get(&format!("{b}{a}")).map(|rate| Leg::Over(*rate)))
        };
        if from == to {
            return Ok(Self(vec![]));
        }
        if let Some(one) = leg(from, to) {
            return Ok(Self(vec![one]));
        }
        match (leg(from, "USD"), leg("USD", to)) {
            (Some(first), Some(second)) => Ok(Self(vec![first, second])),
            _ => {
                let message = format!("no rate leads from {from} to {to}, neither directly nor through USD");
                Err(RunError::new(Category::Execution, codes::MISSING_REQUIRED_FIELD, message)
                    .with("from", from)
                    .with("to", to))
            }
        }
    }

    pub fn apply(&self, amount: f64) -> f64 {
        self.0.iter().fold(amount, |x, leg| match leg {
            Leg::Times(rate) => x * rate,
            Leg::Over(rate) => x / rate,
        })
    }
}

/// Slippage model and its source of draws.
struct Slipping {
    fixed: f64,
    random: f64,
    multiplier: f64,
    draws: Draws,
}

/// Everything that turns prices into money. Missing rates are an error on first use, not before.
pub struct Desk {
    spec: SymbolSpec,
    commission: Option<Commission>,
    fee_multiplier: f64,
    slipping: Option<Slipping>,
    risk: f64,
    volume: VolumeGrid,
    fee_rounding: FeeRounding,
    quote_to_account: Result<Conversion, RunError>,
    quote_to_fee: Result<Conversion, RunError>,
    fee_to_account: Result<Conversion, RunError>,
}

impl Desk {
    pub fn new(
        config: &Config,
        policies: &Policies,
        spec: &SymbolSpec,
        commission: &Commission,
        pips: (f64, f64),
        seed: u64,
    ) -> Self {
        let costs = &config.costs;
        let account = config.account.account_currency.as_str();
        let fee_currency = commission.currency.as_deref().unwrap_or(account);
        let quote = spec.quote_currency.as_str();
        let own = costs.slippage.as_ref();
        let slipping = costs.enabled.then(|| Slipping {
            fixed: own.and_then(|s| s.fixed_pips).unwrap_or(pips.0),
            random: own.and_then(|s| s.random_pips).unwrap_or(pips.1),
            multiplier: costs.slippage_multiplier,
            draws: Draws::new(seed, policies.keyed_slippage),
        });
        Self {
            spec: spec.clone(),
            commission: costs.enabled.then(|| commission.clone()),
            fee_multiplier: costs.fee_multiplier,
            slipping,
            risk: config.account.risk_per_trade,
            volume: policies.volume,
            fee_rounding: policies.fee_rounding,
            quote_to_account: Conversion::find(&config.rates, quote, account),
            quote_to_fee: Conversion::find(&config.rates, quote, fee_currency),
            fee_to_account: Conversion::find(&config.rates, fee_currency, account),
        }
    }

    pub fn pip(&self) -> f64 {
        self.spec.pip
    }

    pub fn tick(&self) -> f64 {
        self.spec.tick_size
    }

    pub fn min_stop(&self) -> f64 {
        self.spec.min_sl_distance_pips * self.spec.pip
    }

    pub fn risk(&self) -> f64 {
        self.risk
    }

    /// Moves a price up (`Long`) or down (`Short`); one draw for each application.
    pub fn slip(&mut self, price: f64, towards: Direction, order: i64, occasion: Occasion) -> f64 {
        let Some(model) = &mut self.slipping else {
            return price;
        };
        let drawn = model.random * model.draws.unit(order, occasion);
        let pips = (model.fixed + drawn) * model.multiplier;
        match towards {
            Direction::Long => price + pips * self.spec.pip,
            Direction::Short => price - pips * self.spec.pip,
        }
    }

    /// Commission of one order at `price`, in account currency.
    pub fn fee(&self, price: f64, lots: f64, occasion: Occasion) -> Result<f64, RunError> {
        let Some(tariff) = &self.commission else {
            return Ok(0.0);
        };
        let to_fee = self.quote_to_fee.as_ref().map_err(Clone::clone)?;
        let to_account = self.fee_to_account.as_ref().map_err(Clone::clone)?;
        let notional = to_fee.apply(price * self.spec.contract_size * lots);
        let base = match tariff.schema {
            FeeSchema::PerLot => tariff.per_lot * lots,
            FeeSchema::PerMillionNotional => notional / 1e6 * tariff.rate_per_million,
            FeeSchema::PercentOfNotional => tariff.pct * notional,
        };
        let charged = match occasion {
            Occasion::Entry => tariff.at_entry,
            Occasion::Exit => tariff.at_exit,
        };
        let scaled = (base * self.fee_multiplier).max(tariff.min_fee * self.fee_multiplier);
        let fee = to_account.apply(if charged { scaled } else { 0.0 });
        Ok(match self.fee_rounding {
            FeeRounding::Cents => rounding::half_even(fee, 2),
            FeeRounding::None => fee,
        })
    }

    /// Lots that risk the configured amount between fill and stop; `None` when the grid leaves nothing.
    pub fn lots(&self, fill: f64, stop: f64) -> Result<Option<f64>, RunError> {
        let convert = self.quote_to_account.as_ref().map_err(Clone::clone)?;
        let spec = &self.spec;
        let stop_pips = (fill - stop).abs() / spec.pip;
        let pip_value = convert.apply(spec.contract_size * spec.pip);
        let raw = if stop_pips > 0.0 { self.risk / (stop_pips * pip_value) } else { 0.0 };
        match self.volume {
            VolumeGrid::FromMinimum => {
                let low = spec.volume_min;
                let lots = if raw <= low {
                    low
                } else {
                    low + ((raw - low + 1e-12) / spec.volume_step).floor() * spec.volume_step
                };
                Ok(Some(lots.max(low).min(spec.volume_max)))
            }
            VolumeGrid::FloorOrReject => {
                let lots = rounding::floor_to_step(raw.min(spec.volume_max), spec.volume_step);
                Ok((lots >= spec.volume_min - 1e-12).then_some(lots))
            }
        }
    }

    /// Worth of a price difference on `lots`, in account currency.
    pub fn worth(&self, difference: f64, lots: f64) -> Result<f64, RunError> {
        let convert = self.quote_to_account.as_ref().map_err(Clone::clone)?;
        Ok(convert.apply(difference * lots * self.spec.contract_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_goes_directly_inversely_or_through_usd() {
        let rates = BTreeMap::from([("EURUSD".to_string(), 1.1), ("USDJPY".to_string(), 150.0)]);
        let through = |from: &str, to: &str| Conversion::find(&rates, from, to).map(|c| c.apply(1000.0));
        assert_eq!(through("EUR", "EUR"), Ok(1000.0));
        assert_eq!(through("EUR", "USD"), Ok(1100.0));
        assert_eq!(through("USD", "EUR"), Ok(1000.0 / 1.1));
        assert_eq!(through("JPY", "EUR"), Ok(1000.0 / 150.0 / 1.1));
        assert_eq!(through("CHF", "EUR").map_err(|e| e.code), Err(codes::MISSING_REQUIRED_FIELD));
    }
}
