// What asks first: small, so that the screen's script and its questions are on their way before the frame's script is
// there.
import './app.css';
import { segmentsOf } from './lib/address';
import { firstQuestions } from './lib/early';
import { fromMlflow } from './lib/mlflow';
import { askEarly } from './lib/request';
import { screenOf, screens } from './screens';

fromMlflow();
const segments = segmentsOf(location.pathname),
  place = screenOf(segments);
firstQuestions(place, segments, new URLSearchParams(location.search)).forEach(askEarly);
screens[place]().catch(() => {}); // the frame asks again, and tells
import('./app').catch(() => {
  document.getElementById('boot')!.textContent = 'Regesta could not be loaded. Reload this page to try again.';
});
