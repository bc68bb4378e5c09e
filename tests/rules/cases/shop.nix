# Symptoms: what customers feel.
let
  status =
    service: status: outcome:
    "http_server_requests_seconds_count{job=\"${service}\",method=\"GET\",uri=\"/products\",status=\"${status}\",outcome=\"${outcome}\"}";
  bucket =
    le:
    "http_server_requests_seconds_bucket{job=\"product-service\",method=\"GET\",uri=\"/products\",status=\"200\",outcome=\"SUCCESS\",le=\"${le}\"}";
  probes = "http_server_requests_seconds_count{job=\"product-service\",method=\"GET\",uri=\"/health\",status=\"503\",outcome=\"SERVER_ERROR\"}";
  signIns = result: "sign_ins_total{job=\"frontend\",result=\"${result}\"}";
  checks = result: "access_checks_total{job=\"gateway-service\",result=\"${result}\"}";
  orders = result: "shop_orders_total{job=\"order-service\",result=\"${result}\"}";
in
{
  "one answer in five is an error: told after a minute" = {
    every = "5s";
    series = {
      ${status "product-service" "200" "SUCCESS"} = "0+40x120";
      ${status "product-service" "500" "SERVER_ERROR"} = "0x60 0+10x60";
    };
    silent = [
      {
        at = 300;
        alert = "ServerErrors";
      }
      {
        # The share passes a twentieth some seconds after the first error.
        at = 360;
        alert = "ServerErrors";
      }
    ];
    fires = [
      {
        at = 400;
        alert = "ServerErrors";
        labels.job = "product-service";
        description = "20% of the answers of product-service are server errors (5xx), for a minute at least.";
      }
    ];
    records."job:http_server_requests:rate1m" = {
      at = "280s";
      labels = "job:http_server_requests:rate1m{job=\"product-service\"}";
      value = 8;
    };
  };

  "one error in a quiet night, and probes that fail, are silent" = {
    every = "5s";
    series = {
      ${status "product-service" "200" "SUCCESS"} = "0x20 1x60";
      ${status "product-service" "500" "SERVER_ERROR"} = "0x20 1x60";
      ${probes} = "0+5x80";
    };
    silent = [
      {
        at = 180;
        alert = "ServerErrors";
      }
    ];
  };

  "sign-ins that come to nothing are told, unless somebody gets in" = {
    every = "5s";
    series = {
      ${signIns "unavailable"} = "0x60 0+1x30 30x120";
      ${signIns "completed"} = "0x120 0+1x90";
    };
    silent = [
      {
        at = 300;
        alert = "SignInFails";
      }
      {
        at = 700;
        alert = "SignInFails";
      }
    ];
    fires = [
      {
        at = 420;
        alert = "SignInFails";
        description = "23 sign-ins of the last ten minutes came to nothing, and none was completed.";
      }
    ];
  };

  "tokens that are not ours are told, and those that expired are not" = {
    every = "5s";
    series = {
      ${checks "signature"} = "0x60 0+1x60";
      ${checks "expired"} = "0+5x120";
    };
    silent = [
      {
        at = 300;
        alert = "TokensForged";
      }
    ];
    fires = [
      {
        at = 500;
        alert = "TokensForged";
        description = "39 tokens of the last ten minutes were of another issuer or audience, or not signed by ours. All were refused.";
      }
    ];
  };

  "answers that take a second are told after five minutes" = {
    every = "5s";
    series = {
      ${status "product-service" "200" "SUCCESS"} = "0+40x180";
      ${bucket "0.5"} = "0+40x60 2400x120";
      ${bucket "1.0"} = "0+40x180";
      ${bucket "+Inf"} = "0+40x180";
    };
    silent = [
      {
        at = 295;
        alert = "ResponsesSlow";
      }
      {
        at = 595;
        alert = "ResponsesSlow";
      }
    ];
    fires = [
      {
        at = 720;
        alert = "ResponsesSlow";
        labels.job = "product-service";
        description = "One in twenty answers of product-service takes longer than 975ms, for five minutes.";
      }
    ];
  };

  "every order is refused: nothing sells" = {
    every = "5s";
    series = {
      ${orders "created"} = "0+1x60 60x240";
      ${orders "rejected_stock"} = "0x60 0+1x240";
    };
    silent = [
      {
        at = 600;
        alert = "NothingSells";
      }
    ];
    fires = [
      {
        at = 1080;
        alert = "NothingSells";
        description = "Of 120 orders of the last ten minutes none was created.";
      }
    ];
  };

  "a night in which nobody orders is silent" = {
    every = "5s";
    series = {
      ${orders "created"} = "100x300";
      ${orders "rejected_stock"} = "3x100 4x100 5x100";
    };
    silent = [
      {
        at = 1400;
        alert = "NothingSells";
      }
    ];
  };

  "a product is sold out for five minutes" = {
    every = "5s";
    series = {
      "shop_stock_units{job=\"inventory-service\",product_id=\"product1\"}" = "5x11 0x100";
      "shop_stock_units{job=\"inventory-service\",product_id=\"product2\"}" = "50x120";
    };
    silent = [
      {
        at = 355;
        alert = "SoldOut";
      }
      {
        at = 355;
        alert = "Oversold";
      }
    ];
    fires = [
      {
        at = 360;
        alert = "SoldOut";
        labels.product_id = "product1";
        description = "There are 0 pieces of product1 for five minutes; each order of it is refused.";
      }
    ];
  };

  "stock below zero is told at once" = {
    every = "5s";
    series."shop_stock_units{job=\"inventory-service\",product_id=\"product1\"}" = "0x11 -1x10";
    fires = [
      {
        at = 60;
        alert = "Oversold";
        labels.product_id = "product1";
        description = "The stock of product1 is -1.";
      }
    ];
  };

  "orders that wait for more than a minute" = {
    every = "5s";
    series = {
      "shop_orders_pending_oldest_seconds{job=\"order-service\"}" = "0+5x60";
      "shop_orders_pending{job=\"order-service\"}" = "3x60";
    };
    silent = [
      {
        at = 90;
        alert = "OrdersPending";
      }
    ];
    fires = [
      {
        at = 95;
        alert = "OrdersPending";
        description = "The oldest pending order waits for 1m 35s; 3 are pending.";
      }
    ];
  };

  "orders that are settled within seconds are silent" = {
    every = "5s";
    series."shop_orders_pending_oldest_seconds{job=\"order-service\"}" = "0+5x10 0x50";
    silent = [
      {
        at = 120;
        alert = "OrdersPending";
      }
    ];
  };
}
