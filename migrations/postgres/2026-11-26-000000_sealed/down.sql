-- SQL cannot open what is sealed, and dropping it would lose every value.
SELECT sealed_values_cannot_be_unsealed_by_sql();
